import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { FakeRegistry } from "../delivery/registry.fixture.ts";
import { eventually } from "../eventually.fixture.ts";
import type { PackContent } from "../store/pack.fixture.ts";
import { Recorder } from "../telemetry/recorder.ts";
import {
  ContestingDevice,
  candidate,
  FAST,
  packOf,
  SLOW,
  until,
} from "./contesting-device.fixture.ts";

let device: ContestingDevice;
let registry: FakeRegistry;
let engines: readonly string[][];

beforeEach(async () => {
  device = await ContestingDevice.make();
  ({ registry, engines } = device);
});

afterEach(() => device.end());

describe("a precision that the device does not hold", () => {
  const packed: PackContent = { dtypes: ["fp32", "q8"] };

  test("is fetched where none that it holds will do, and counted", async () => {
    const fetched = vi.spyOn(Recorder.prototype, "fetched");
    registry.publish(await packOf(packed));
    device.places = {
      "fp32 NHWC": { ...FAST, fault: "wrong" },
      "fp32 NCHW": { ...FAST, fault: "wrong" },
      "q8 NCHW": SLOW,
    };
    const model = await device.visit();
    const rest = { "fp32 NHWC": "rejected", "fp32 NCHW": "rejected", "q8 NCHW": "slower" };
    await until(model, { wasm: "standby", ...rest, "q8 NHWC": "serving" });
    expect(model.info.dtype).toBe("q8");
    const { name, version } = model.info;
    const there = { model: name, version, dtype: "q8", backend: "webgpu" };
    const [, bytes = 0] = fetched.mock.calls.find(([{ dtype }]) => dtype === "q8") ?? [];
    expect(bytes).toBeGreaterThan(0);
    expect(fetched).toHaveBeenCalledWith(there, bytes);
  });

  test("is not fetched where another is right and faster", async () => {
    registry.publish(await packOf(packed));
    device.places = { "fp32 NCHW": SLOW };
    const model = await device.visit();
    const rest = { "q8 NHWC": "waiting", "q8 NCHW": "waiting" };
    await until(model, {
      wasm: "standby",
      "fp32 NHWC": "serving",
      "fp32 NCHW": "slower",
      ...rest,
    });
    await eventually(() => expect(candidate(model, "q8 NHWC")?.reason).toContain("not fetched"));
  });
});

describe("what a candidate lacks is fetched while others have their turn", () => {
  let isAskedFor: Promise<void>;
  let answer: () => void;

  /** All that is fetched for the second precision waits. */
  beforeEach(async () => {
    registry.publish(await packOf({ dtypes: ["fp32", "q8"] }));
    const wrong = { ...FAST, fault: "wrong" } as const;
    device.places = { "fp32 NHWC": wrong, "fp32 NCHW": wrong, "q8 NCHW": SLOW };
    let count = 0;
    const held = new Promise<void>((resolve) => {
      answer = resolve;
    });
    isAskedFor = new Promise((resolve) => {
      registry.intercept = async ({ path }) => {
        if (!path.includes("/segments/") || count++ === 0) return undefined;
        resolve();
        await held;
        return undefined;
      };
    });
  });

  test("and it has its own once that has come", async () => {
    const model = await device.visit();
    await isAskedFor;
    expect(candidate(model, "q8 NHWC")?.state).toBe("waiting");
    const end = await device.page.pool.alone();
    expect(engines.filter((asked) => asked.at(-1) !== "ended")).toHaveLength(1);
    answer();
    end();
    await eventually(() => expect(candidate(model, "q8 NHWC")?.state).toBe("serving"));
  });

  test("and is given up with its model", async () => {
    const model = await device.visit();
    await isAskedFor;
    await model.dispose();
    answer();
    (await device.page.pool.alone())();
    expect(engines.every((asked) => asked.at(-1) === "ended")).toBe(true);
  });
});

import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { eventually } from "../eventually.fixture.ts";
import type { LoadOptions } from "../options.ts";
import {
  ContestingDevice,
  candidate,
  FAST,
  packOf,
  SLOW,
  standings,
  until,
  useGpu,
  x,
} from "../proving/contesting-device.fixture.ts";
import { noise } from "../store/pack.fixture.ts";
import type { Pace } from "./load-rooms.ts";
import type { Model } from "./model.ts";

let device: ContestingDevice;
let engines: readonly string[][];
let failures: string[];

beforeEach(async () => {
  device = await ContestingDevice.make();
  ({ engines, failures } = device);
});

afterEach(() => device.end());

describe("a GPU that was lost, and WASM answers in its place,", () => {
  const lost = { runMs: 2, fault: "is lost once it is called" } as const;
  const away = { wasm: "serving", "fp32 NHWC": "rejected", "fp32 NCHW": "slower" };
  const back = { wasm: "standby", "fp32 NHWC": "serving", "fp32 NCHW": "slower" };

  /** A page that has lost its GPU. */
  async function visitAndLose(
    pace: Partial<Pace>,
    { before = back, ...options }: LoadOptions & { before?: Record<string, string> } = {},
  ): Promise<Model> {
    device.places = { "fp32 NHWC": lost, "fp32 NCHW": SLOW };
    const model = await device.visit({ restMs: 20, ...pace }, options);
    await eventually(() => expect(standings(model)).toMatchObject(before));
    vi.stubGlobal("navigator", { userAgent: "Chrome/140.0" });
    await model.predict(x(1));
    expect(model.info.backend).toBe("wasm");
    return model;
  }

  test("is proven anew and takes over again, once the browser offers one", async () => {
    const model = await visitAndLose({});
    const started = engines.length;
    device.places = { "fp32 NCHW": SLOW };
    const before = device.proofs();
    useGpu("nvidia");
    await until(model, back);
    expect(device.proofs()).toBe(before + 1);
    expect(engines).toHaveLength(started + 1);
    await model.predict(x(1));
    expect(model.info.backend).toBe("webgpu");
  });

  test("is tried again where it breaks once more, and that is held against nothing", async () => {
    const model = await visitAndLose({ trialMs: 1500 });
    device.places = { "fp32 NHWC": { ...FAST, fault: "hangs" }, "fp32 NCHW": SLOW };
    useGpu("hanging");
    await eventually(() => expect(failures).toContain("prove: engine-timeout"));
    device.places = { "fp32 NCHW": SLOW };
    // In whichever build: the one that is tried after the first hung may no longer find a GPU that hangs.
    await eventually(() => {
      const serving = model.info.candidates.find(({ state }) => state === "serving");
      expect(serving).toMatchObject({ backend: "webgpu", layout: "NHWC" });
    });
  });

  test("is let alone where it is wrong by now, and that is remembered", async () => {
    const model = await visitAndLose({});
    device.places = { "fp32 NHWC": { ...FAST, fault: "wrong" }, "fp32 NCHW": SLOW };
    useGpu("nvidia");
    await eventually(async () =>
      expect(await device.stored()).toContainEqual(
        expect.objectContaining({ outcome: "failed", code: "no-candidate" }),
      ),
    );
    await until(model, away);
  });

  test("serves again where the app asked for it before WASM, however fast it is", async () => {
    const before = { wasm: "waiting", "fp32 NHWC": "serving" };
    const model = await visitAndLose({}, { backend: ["webgpu", "wasm"], before });
    device.places = { "fp32 NHWC": SLOW };
    useGpu("nvidia");
    await eventually(() => expect(candidate(model, "fp32 NHWC")?.state).toBe("serving"));
    expect(candidate(model, "fp32 NHWC")?.reason).toContain("asked for, and back");
    expect(standings(model)["wasm"]).toBe("standby");
    await model.predict(x(1));
  });

  test("serves again in the version that the model was updated to meanwhile", async () => {
    device.places = { "fp32 NHWC": lost };
    const options = { backend: ["webgpu", "wasm"], update: "background" } as const;
    const model = await device.visit({ restMs: 20 }, options);
    device.registry.publish(await packOf({ version: "2.0.0", tensors: [noise(300, 2)] }));
    await model.checkForUpdate();
    await eventually(() => expect(model.info.version).toBe("2.0.0"));
    vi.stubGlobal("navigator", { userAgent: "Chrome/140.0" });
    await model.predict(x(1));
    expect(model.info.backend).toBe("wasm");
    device.places = {};
    useGpu("nvidia");
    await eventually(() => expect(candidate(model, "fp32 NHWC")?.state).toBe("serving"));
    expect([model.info.version, model.info.backend]).toEqual(["2.0.0", "webgpu"]);
  });
});

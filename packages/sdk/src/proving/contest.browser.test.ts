import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { eventually } from "../eventually.fixture.ts";
import {
  ContestingDevice,
  candidate,
  FAST,
  SLOW,
  until,
  useGpu,
  x,
} from "./contesting-device.fixture.ts";

let device: ContestingDevice;
let engines: readonly string[][];
let failures: string[];
let rejections: readonly string[];

beforeEach(async () => {
  device = await ContestingDevice.make();
  ({ engines, failures, rejections } = device);
});

afterEach(() => device.end());

describe("a candidate that is right", () => {
  test("and faster takes over between two calls, of which none fails; what served stands by", async () => {
    device.places = { "fp32 NCHW": SLOW };
    const model = await device.visit();
    let isOver = false;
    const calling = (async () => {
      while (!isOver) await Promise.all([model.predict(x(1)), model.predict(x(2))]);
    })();
    await until(model, { wasm: "standby", "fp32 NHWC": "serving", "fp32 NCHW": "slower" });
    isOver = true;
    await calling;
    expect(model.info.backend).toBe("webgpu");
    expect(candidate(model, "fp32 NHWC")).toMatchObject({ runMs: 3 });
    expect(candidate(model, "fp32 NHWC")?.reason).toMatch(/as it should be; at x\[2\]: .*3 ms/);
    expect(candidate(model, "wasm")).toMatchObject({ runMs: 9 });
    await eventually(() =>
      expect(engines.map((asked) => asked.at(-1) === "ended")).toEqual([true, false, true]),
    );
    expect(failures).toEqual([]);
  });

  test("and slower does not, and both times are told", async () => {
    device.places = { "fp32 NHWC": SLOW, "fp32 NCHW": SLOW };
    const model = await device.visit();
    await until(model, { wasm: "serving", "fp32 NHWC": "slower", "fp32 NCHW": "slower" });
    expect(candidate(model, "fp32 NHWC")).toMatchObject({ runMs: 50 });
    expect(candidate(model, "wasm")).toMatchObject({ runMs: 9 });
    expect(failures).toEqual([]);
    expect(rejections).toEqual(["fp32 on webgpu: slower", "fp32 on webgpu: slower"]);
  });

  test("gives way to another that is faster still", async () => {
    device.places = { "fp32 NCHW": { runMs: 1 } };
    const model = await device.visit();
    await until(model, { wasm: "standby", "fp32 NHWC": "standby", "fp32 NCHW": "serving" });
  });

  test("is not timed where the app has called with nothing, but on the golden inputs", async () => {
    const model = await device.visit();
    await until(model, { wasm: "standby", "fp32 NHWC": "serving", "fp32 NCHW": "slower" });
    expect(engines.flat()).not.toContain("proveAt");
  });
});

describe("a candidate that goes wrong is turned down, and the next is tried:", () => {
  test.each([
    ["wrong", /golden answers on webgpu: zeros/, "no-candidate"],
    ["throws", /no kernel/, "run-failed"],
    ["throws once it is timed", /no kernel/, "run-failed"],
    ["hangs", /longer than 0.3 s/, "engine-timeout"],
  ] as const)("one that is %s", async (fault, reason, code) => {
    if (fault === "hangs") useGpu("hanging");
    device.places = { "fp32 NHWC": { ...FAST, fault } };
    const model = await device.visit({ trialMs: 300 });
    await eventually(() => expect(candidate(model, "fp32 NCHW")?.state).toBe("serving"));
    expect(candidate(model, "fp32 NHWC")).toMatchObject({ state: "rejected" });
    expect(candidate(model, "fp32 NHWC")?.reason).toMatch(reason);
    expect(new Set(failures)).toEqual(new Set([`prove: ${code}`]));
    expect(rejections).toContain(`fp32 on webgpu: ${code}`);
    await model.predict(x(1));
  });

  test("one that is wrong at the dims that the app uses, and at no others", async () => {
    device.places = { "fp32 NHWC": { ...FAST, fault: "wrong at larger inputs" } };
    const model = await device.visit();
    await model.predict(x(7));
    await eventually(() => expect(candidate(model, "fp32 NCHW")?.state).toBe("serving"));
    expect(candidate(model, "fp32 NHWC")?.reason).toMatch(/on wasm, at x\[7\]: NaN/);
  });
});

test("a GPU that is lost as it is proven is not taken down on each visit, and is tried again after a day", async () => {
  device.places = { "fp32 NHWC": { ...FAST, fault: "is lost as it is proven" }, "fp32 NCHW": SLOW };
  const visit = async (others: string) => {
    const model = await device.visit();
    await until(model, { wasm: "serving", "fp32 NHWC": "rejected", "fp32 NCHW": others });
    await model.dispose();
    return device.proofs();
  };
  // Once a visit: in one build of the runtime, then in the other, and not again.
  expect(await visit("rejected")).toBe(1);
  expect(await visit("rejected")).toBe(1);
  expect(await visit("slower")).toBe(1);
  expect(await visit("slower")).toBe(0);
  await device.rewrite(({ code, at }) =>
    code === "device-lost" ? { at: Number(at) - 90_000_000 } : {},
  );
  expect(await visit("slower")).toBe(1);
});

describe("larger inputs than what serves was proven at", () => {
  const bigger = { "fp32 NHWC": { runMs: 2, fault: "wrong at larger inputs" } } as const;

  test("are proven in idle time, and remembered", async () => {
    device.places = { "fp32 NCHW": SLOW };
    const model = await device.visit({ proveAfterMs: 0 });
    await until(model, { wasm: "standby", "fp32 NHWC": "serving", "fp32 NCHW": "slower" });
    await model.predict(x(5));
    await eventually(async () =>
      expect(await device.stored()).toContainEqual(expect.objectContaining({ dims: { x: [5] } })),
    );
    const started = engines.length;
    await model.predict(x(4));
    expect(engines).toHaveLength(started);
    expect(model.info.backend).toBe("webgpu");
  });

  test("send the model back to what served first where the answers are wrong", async () => {
    device.places = { ...bigger, "fp32 NCHW": SLOW };
    const model = await device.visit({ proveAfterMs: 0 });
    await until(model, { wasm: "standby", "fp32 NHWC": "serving", "fp32 NCHW": "slower" });
    await Promise.all([model.predict(x(5)), model.predict(x(3))]);
    await until(model, { wasm: "serving", "fp32 NHWC": "rejected", "fp32 NCHW": "slower" });
    expect(model.info.backend).toBe("wasm");
    expect(candidate(model, "wasm")?.reason).toContain("gone back to");
    expect(failures).toEqual(["prove: no-candidate"]);
    await model.predict(x(5));
    await eventually(() =>
      expect(engines.filter((asked) => asked.at(-1) !== "ended")).toHaveLength(1),
    );
  });
});

test("a model that is disposed of meanwhile leaves no engine behind, and nothing is held against a candidate", async () => {
  device.places = { "fp32 NHWC": { ...FAST, fault: "hangs" } };
  const model = await device.visit();
  await eventually(() => expect(engines[1]).toContain("prove"));
  await model.dispose();
  await eventually(() => expect(engines.map((asked) => asked.at(-1))).toEqual(["ended", "ended"]));
  expect(await device.stored()).toEqual([]);
  expect(failures).toEqual([]);
});

test("nothing is proven where there is no GPU", async () => {
  vi.stubGlobal("navigator", { userAgent: "Chrome/140.0" });
  const model = await device.visit();
  await until(model, { wasm: "serving", webgpu: "rejected" });
  expect(engines).toHaveLength(1);
});

import { afterEach, beforeEach, expect, test } from "vitest";
import { eventually } from "../eventually.fixture.ts";
import { noise } from "../store/pack.fixture.ts";
import {
  ContestingDevice,
  candidate,
  packOf,
  SLOW,
  standings,
  until,
  x,
} from "./contesting-device.fixture.ts";

const PACE = { proveAfterMs: 0 };
const IN_ORDER = { backend: ["webgpu", "wasm"] } as const;
const LARGER = { "fp32 NHWC": { runMs: 2, fault: "wrong at larger inputs" } } as const;

let device: ContestingDevice;

beforeEach(async () => {
  device = await ContestingDevice.make();
});

afterEach(() => device.end());

const running = () => device.engines.filter((asked) => asked.at(-1) !== "ended");

test("a GPU that the app put first, and that is wrong at what it uses, makes way for WASM, and is not tried again", async () => {
  device.places = LARGER;
  const model = await device.visit(PACE, IN_ORDER);
  expect(model.info.backend).toBe("webgpu");
  await model.predict(x(5));
  await eventually(() => expect(model.info.backend).toBe("wasm"));
  expect(candidate(model, "fp32 NHWC")).toMatchObject({
    state: "rejected",
    reason: expect.stringMatching(/on wasm, at x\[5\]: NaN/),
  });
  expect(candidate(model, "wasm")?.reason).toContain("gone back to");
  expect(device.failures).toEqual(["prove: no-candidate"]);
  await model.predict(x(5));
  await eventually(() => expect(running()).toHaveLength(1));
  await model.dispose();

  device.places = { "fp32 NCHW": SLOW };
  const later = await device.visit({}, IN_ORDER);
  expect(candidate(later, "fp32 NHWC")?.reason).toContain("found out before");
  expect(candidate(later, "fp32 NCHW")?.state).toBe("serving");
});

test("one that is right there serves on, which is remembered: later visits open nothing for it", async () => {
  const model = await device.visit(PACE, IN_ORDER);
  await model.predict(x(5));
  const proven = { outcome: "proven", dims: { x: [5] } };
  await eventually(async () =>
    expect(await device.stored()).toContainEqual(expect.objectContaining(proven)),
  );
  await eventually(() => expect(running()).toHaveLength(1));
  expect(model.info.backend).toBe("webgpu");
  await model.dispose();

  const later = await device.visit(PACE, IN_ORDER);
  await later.predict(x(4));
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(device.engines).toHaveLength(1);
  // A race decides whether it is faster, for whoever leaves that to one.
  await later.dispose();
  const raced = await device.visit();
  await until(raced, { wasm: "standby", "fp32 NHWC": "serving", "fp32 NCHW": "slower" });
});

test("so is an update that took over on the GPU, where it had shown its golden answers only", async () => {
  device.places = { "fp32 NCHW": SLOW };
  const model = await device.visit(PACE, { update: "background" });
  await model.predict(x(5));
  await eventually(() => expect(standings(model)).toMatchObject({ "fp32 NHWC": "serving" }));
  device.places = { ...LARGER, "fp32 NCHW": SLOW };
  device.registry.publish(await packOf({ version: "2.0.0", tensors: [noise(300, 2)] }));
  await model.checkForUpdate();
  await eventually(() => expect(model.info.version).toBe("2.0.0"));
  await eventually(() => expect(model.info.backend).toBe("wasm"));
  expect(candidate(model, "wasm")?.reason).toContain("gone back to");
  await model.predict(x(5));
});

test("without WASM in its order, a GPU is held to its golden answers alone", async () => {
  device.places = LARGER;
  const model = await device.visit(PACE, { backend: "webgpu" });
  await model.predict(x(5));
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(device.engines).toHaveLength(1);
  expect(model.info.backend).toBe("webgpu");
});

import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  ContestingDevice,
  candidate,
  FAST,
  SLOW,
  until,
  useGpu,
  x,
} from "./contesting-device.fixture.ts";
import { forgetVerdict } from "./verdicts.ts";

let device: ContestingDevice;
let engines: readonly string[][];
let failures: string[];

beforeEach(async () => {
  device = await ContestingDevice.make();
  ({ engines, failures } = device);
});

afterEach(() => device.end());

describe("on a later visit", () => {
  /** One layout is wrong, the other right and faster. */
  const known = { "fp32 NHWC": { ...FAST, fault: "wrong" } } as const;
  const decided = { wasm: "standby", "fp32 NHWC": "rejected", "fp32 NCHW": "serving" };

  beforeEach(async () => {
    device.places = known;
    const model = await device.visit();
    await until(model, decided);
    await model.dispose();
    failures.length = 0;
  });

  test("what was right takes over at once, what failed is not tried, and nothing is proven", async () => {
    const model = await device.visit();
    await until(model, decided);
    expect(candidate(model, "fp32 NCHW")).toMatchObject({ runMs: 3 });
    expect(candidate(model, "fp32 NHWC")?.reason).toContain("zeros");
    expect(engines).toHaveLength(2);
    expect(engines.flat()).not.toContain("prove");
    expect(failures).toEqual([]);
    await model.predict(x(1));
  });

  test.each([
    ["the adapter", "amd", {}],
    ["what fits in its buffers", "nvidia", { limits: { maxBufferSize: 2 ** 31 } }],
    ["the browser", "nvidia", { userAgent: "Chrome/141.0" }],
  ])("%s has changed: everything is found out again", async (_what, vendor, changed) => {
    useGpu(vendor, changed);
    device.places = { "fp32 NCHW": SLOW };
    const model = await device.visit();
    await until(model, { wasm: "standby", "fp32 NHWC": "serving", "fp32 NCHW": "slower" });
  });

  test("on another runtime everything is found out again", async () => {
    await device.rewrite((record) => ({
      under: String(record["under"]).replace("onnxruntime-web", "another"),
    }));
    const model = await device.visit();
    await until(model, decided);
    expect(failures).toEqual(["prove: no-candidate"]);
  });

  test.each([
    ["a week later", () => ({ at: Date.now() - 8 * 24 * 60 * 60 * 1000 })],
    ["after twenty loads", () => ({ loads: 20 })],
  ])("%s what was right is proven again, and what failed is not", async (_when, change) => {
    await device.rewrite(change);
    const model = await device.visit();
    await until(model, decided);
    expect(device.proofs()).toBe(1);
    expect(failures).toEqual([]);
    expect(await device.stored()).toContainEqual(
      expect.objectContaining({ outcome: "proven", loads: 0 }),
    );
  });

  test("loads are counted", async () => {
    const model = await device.visit();
    await until(model, decided);
    expect(await device.stored()).toContainEqual(
      expect.objectContaining({ outcome: "proven", loads: 1 }),
    );
  });

  test("what does not open any more is given up, and WASM goes on", async () => {
    device.places = { ...known, "fp32 NCHW": { ...FAST, fault: "throws once it is timed" } };
    const model = await device.visit();
    await until(model, { wasm: "serving", "fp32 NHWC": "rejected", "fp32 NCHW": "rejected" });
    expect(failures).toEqual(["prove: run-failed"]);
  });

  test("records that were damaged count as none", async () => {
    await device.rewrite(() => ({ dims: "all", outcome: 7 }));
    const model = await device.visit();
    await until(model, decided);
    expect(failures).toEqual(["prove: no-candidate"]);
  });

  test("what was forgotten after a failure is proven before it serves again", async () => {
    const [proven] = (await device.stored()).filter((record) => record["outcome"] === "proven");
    const rung = {
      place: { backend: "webgpu", build: "jspi", layout: "NCHW", features: [] },
      dtype: "fp32",
    } as const;
    await forgetVerdict(device.page.keeper, String(proven?.["digest"]), rung);
    const model = await device.visit();
    await until(model, decided);
    expect(device.proofs()).toBe(1);
  });
});

import { expect, test } from "vitest";
import { Ladder, type Rung } from "./ladder.ts";

const wasm: Rung = { place: { backend: "wasm", build: "wasm", features: [] }, dtype: "q8" };
const onGpu = (layout: "NHWC" | "NCHW"): Rung => ({
  place: { backend: "webgpu", build: "jspi", layout, features: [] },
  dtype: "fp16",
});

test("candidates stay in the order in which they were noted, each as it was noted last", () => {
  const ladder = new Ladder(wasm, "first");
  ladder.note(onGpu("NHWC"), { state: "proving", reason: "being proven" });
  ladder.note(wasm, { state: "standby", reason: "slower", runMs: 9 });
  ladder.note(onGpu("NHWC"), { state: "serving", reason: "right", runMs: 3 });
  expect(ladder.candidates).toEqual([
    { backend: "wasm", build: "wasm", dtype: "q8", state: "standby", reason: "slower", runMs: 9 },
    {
      backend: "webgpu",
      build: "jspi",
      layout: "NHWC",
      dtype: "fp16",
      state: "serving",
      reason: "right",
      runMs: 3,
    },
  ]);
});

test("a run time that was measured stays where the next note brings none", () => {
  const ladder = new Ladder(wasm, "first");
  ladder.note(wasm, { state: "serving", reason: "measured", runMs: 9 });
  ladder.note(wasm, { state: "slower", reason: "slower" });
  expect(ladder.standing(wasm)).toEqual({ state: "slower", reason: "slower", runMs: 9 });
});

test("what has proven itself is fallen back to before what is slower or was not tried, fastest first", () => {
  const ladder = new Ladder(onGpu("NHWC"), "first");
  expect(ladder.fallback()).toBeUndefined();
  ladder.note(wasm, { state: "slower", reason: "right", runMs: 1 });
  expect(ladder.fallback()).toEqual(wasm);
  ladder.note(onGpu("NCHW"), { state: "standby", reason: "right", runMs: 8 });
  expect(ladder.fallback()).toEqual(onGpu("NCHW"));
  const fp32: Rung = { ...onGpu("NCHW"), dtype: "fp32" };
  ladder.note(fp32, { state: "standby", reason: "right", runMs: 5 });
  expect(ladder.fallback()).toEqual(fp32);
});

test("what may answer where what serves cannot is what was neither rejected nor is being proven", () => {
  const ladder = new Ladder(wasm, "first");
  ladder.note(onGpu("NHWC"), { state: "rejected", reason: "zeros" });
  ladder.note(onGpu("NCHW"), { state: "slower", reason: "right" });
  expect(ladder.fallbacks).toEqual([onGpu("NCHW")]);
});

test("what was rejected, or is being proven, is never fallen back to", () => {
  const ladder = new Ladder(wasm, "first");
  ladder.note(onGpu("NHWC"), { state: "rejected", reason: "zeros" });
  ladder.note(onGpu("NCHW"), { state: "proving", reason: "being proven" });
  expect(ladder.fallback()).toBeUndefined();
});

test("where engines broke on one backend, another goes before what is better on the same", () => {
  const ladder = new Ladder(onGpu("NHWC"), "first");
  ladder.note(onGpu("NCHW"), { state: "standby", reason: "right", runMs: 1 });
  ladder.note(wasm, { state: "waiting", reason: "not tried" });
  expect(ladder.fallback("webgpu")).toEqual(wasm);
  ladder.note(wasm, { state: "rejected", reason: "does not open" });
  expect(ladder.fallback("webgpu")).toEqual(onGpu("NCHW"));
});

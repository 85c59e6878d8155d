import { describe, expect, test } from "vitest";
import { isDue, type StoredVerdict, soundVerdict } from "./verdict.ts";

const DAY_MS = 24 * 60 * 60 * 1000;

const proven: StoredVerdict = {
  digest: "ab",
  candidate: "webgpu,jspi,NHWC,fp32",
  under: "onnxruntime-web 1; a GPU; a browser",
  outcome: "proven",
  reason: "within 1e-5",
  dims: { x: [1, 3] },
  runMs: 4,
  share: 0.5,
  at: 100 * DAY_MS,
  loads: 0,
};

describe("a verdict that is read back", () => {
  test("is what was stored", () => {
    expect(soundVerdict(proven)).toEqual(proven);
    const failed = { ...proven, outcome: "failed", code: "no-candidate" };
    expect(soundVerdict(failed)).toEqual(failed);
  });

  test.each([
    undefined,
    null,
    "proven",
    [],
    {},
    { ...proven, outcome: "perfect" },
    { ...proven, under: 7 },
    { ...proven, reason: undefined },
    { ...proven, at: Number.NaN },
    { ...proven, loads: -1 },
    { ...proven, dims: undefined },
    { ...proven, dims: { x: [1, -3] } },
    { ...proven, dims: { x: "13" } },
  ])("is none where it was damaged: %j", (stored) => {
    expect(soundVerdict(stored)).toBeUndefined();
  });

  test("keeps nothing of what is no measure, nor of what it does not know", () => {
    const { runMs, share, ...rest } = proven;
    const stored = { ...proven, runMs: "4", share: Number.POSITIVE_INFINITY, extra: "x" };
    expect(soundVerdict(stored)).toEqual(rest);
    expect([runMs, share]).toEqual([4, 0.5]);
  });
});

describe("what was proven", () => {
  test.each([
    ["is relied on for a week", { loads: 0 }, 6 * DAY_MS, false],
    ["is proven again after that", { loads: 0 }, 7 * DAY_MS, true],
    ["is relied on nineteen times", { loads: 19 }, 0, false],
    ["is proven again on the twentieth load", { loads: 20 }, 0, true],
    ["does not last for ever where the clock was set back", { loads: 0 }, -8 * DAY_MS, true],
  ])("%s", (_what, part, laterMs, due) => {
    expect(isDue({ ...proven, ...part }, proven.at + laterMs)).toBe(due);
  });
});

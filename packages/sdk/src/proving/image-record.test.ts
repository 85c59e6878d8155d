import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { imageUnder, imageVerdictKey, soundImageVerdict } from "./image-record.ts";

const KEY = imageVerdictKey("ab".repeat(32), "q8");
const [digest, candidate] = KEY;
const DAY_MS = 24 * 60 * 60 * 1000;

beforeEach(() => {
  vi.useFakeTimers({ now: 1_700_000_000_000 });
  vi.stubGlobal("navigator", { userAgent: "test" });
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const record = (image: string, at = Date.now()) => ({
  ...{ digest, candidate, at, under: imageUnder(), reason: "" },
  image,
});

test.each(["made", "not worth it", "failed"])(
  "what came of an image is remembered: %s",
  (image) => {
    expect(soundImageVerdict([{}, record(image)], KEY, imageUnder())).toBe(image);
  },
);

test("with other settings, for another precision, or damaged, it says nothing", () => {
  const under = imageUnder({ graphOptimizationLevel: "disabled", prepacking: false });
  expect(soundImageVerdict([record("made")], KEY, under)).toBeUndefined();
  const other = imageVerdictKey(digest, "fp32");
  expect(soundImageVerdict([record("made")], other, imageUnder())).toBeUndefined();
  expect(soundImageVerdict([record("eaten"), null, 7], KEY, imageUnder())).toBeUndefined();
});

test("what failed is tried again after a month, also where the clock was set back", () => {
  const after = (days: number) =>
    soundImageVerdict([record("failed", Date.now() - days * DAY_MS)], KEY, imageUnder());
  expect([29, 31, -31].map(after)).toEqual(["failed", undefined, undefined]);
});

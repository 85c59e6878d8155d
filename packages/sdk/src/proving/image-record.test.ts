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
  ...{ digest, candidate, at, under: imageUnder(), reason: "it was so" },
  image,
});

test.each(["made", "not worth it", "failed"])(
  "what came of an image is remembered, and why: %s",
  (image) => {
    const found = soundImageVerdict([{}, record(image)], KEY, imageUnder());
    expect(found).toEqual({ image, reason: "it was so" });
  },
);

test("with other settings, for another precision, or damaged, it says nothing", () => {
  const under = imageUnder({ graphOptimizationLevel: "disabled", prepacking: false });
  expect(soundImageVerdict([record("made")], KEY, under)).toBeUndefined();
  const other = imageVerdictKey(digest, "fp32");
  expect(soundImageVerdict([record("made")], other, imageUnder())).toBeUndefined();
  expect(soundImageVerdict([record("eaten"), null, 7], KEY, imageUnder())).toBeUndefined();
});

test.each([
  ["failed", 1],
  ["not worth it", 30],
])(
  "what came to %s is tried again after %i days, also where the clock was set back",
  (image, days) => {
    const after = (ms: number) =>
      soundImageVerdict([record(image, Date.now() - ms)], KEY, imageUnder())?.image;
    const limit = days * DAY_MS;
    expect([limit - 1, limit, -limit].map(after)).toEqual([image, undefined, undefined]);
  },
);

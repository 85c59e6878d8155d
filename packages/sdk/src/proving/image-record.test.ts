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
    expect(found).toMatchObject({ image, reason: "it was so", isStale: false });
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
  ["failed", 0, 1],
  ["not worth it", 1, 1],
  ["not worth it", 2, 7],
  ["not worth it", 3, 30],
  ["not worth it", 99, 30],
  ["not worth it", "often", 1],
])(
  "what came to %s, for the time %s, is tried again after %i days, also where the clock was set back",
  (image, declined, days) => {
    const after = (ms: number) =>
      soundImageVerdict([{ ...record(image, Date.now() - ms), declined }], KEY, imageUnder())
        ?.isStale;
    const limit = days * DAY_MS;
    expect([limit - 1, limit, -limit].map(after)).toEqual([false, true, true]);
  },
);

test("what was tried at no time that makes sense is tried again", () => {
  const found = soundImageVerdict([{ ...record("failed"), at: "noon" }], KEY, imageUnder());
  expect(found?.isStale).toBe(true);
});

import fc from "fast-check";
import { expect, test } from "vitest";
import { emptyHistogram, recordValue } from "./exponential-histogram.ts";
import { toOtlpAttributes, toOtlpHistogramPoint, toUnixNano } from "./otlp.ts";

test("attributes are written by kind, whole numbers as strings of digits", () => {
  const attributes = { name: "rec", cold: true, threads: 4, share: 0.25, none: 0, low: -3 };
  expect(toOtlpAttributes(attributes)).toEqual([
    { key: "name", value: { stringValue: "rec" } },
    { key: "cold", value: { boolValue: true } },
    { key: "threads", value: { intValue: "4" } },
    { key: "share", value: { doubleValue: 0.25 } },
    { key: "none", value: { intValue: "0" } },
    { key: "low", value: { intValue: "-3" } },
  ]);
});

test("every attribute arrives through JSON with its value", () => {
  const value = fc.oneof(fc.string(), fc.boolean(), fc.double(), fc.maxSafeInteger());
  fc.assert(
    fc.property(fc.dictionary(fc.string(), value), (attributes) => {
      const sent: ReturnType<typeof toOtlpAttributes> = JSON.parse(
        JSON.stringify(toOtlpAttributes(attributes)),
      );
      for (const { key, value: received } of sent) {
        const given = attributes[key];
        const { stringValue, boolValue, intValue, doubleValue } = received;
        const back = stringValue ?? boolValue ?? doubleValue ?? Number(intValue);
        // JSON has neither a minus zero nor numbers that are not finite; those travel as text.
        const isPlain = typeof given !== "number" || Number.isFinite(given);
        expect(back === 0 ? 0 : back).toBe(given === 0 ? 0 : isPlain ? given : String(given));
      }
      expect(sent).toHaveLength(Object.keys(attributes).length);
    }),
  );
});

test("a number past 2^53 is a double, not an integer that lost its last digits", () => {
  expect(toOtlpAttributes({ big: 2 ** 60 })).toEqual([
    { key: "big", value: { doubleValue: 2 ** 60 } },
  ]);
});

test("whole milliseconds are exact in nanoseconds, where a double would not be", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 8_640_000_000_000 }), (timeMs) => {
      expect(toUnixNano(timeMs)).toBe(String(BigInt(timeMs) * 1_000_000n));
    }),
  );
  expect(toUnixNano(1_795_255_200_001)).toBe("1795255200001000000");
});

test("fractions of a millisecond are kept to the microsecond", () => {
  expect(toUnixNano(1_795_255_200_001.123)).toBe("1795255200001123000");
  expect(toUnixNano(0)).toBe("0");
});

test("a histogram is written with its counts as strings", () => {
  const histogram = [1.5, 1.5, 3, 0, -2].reduce(recordValue, emptyHistogram(0));
  const attributes = toOtlpAttributes({ backend: "wasm" });
  const point = { attributes, startTimeUnixNano: "1", timeUnixNano: "2" };
  expect(toOtlpHistogramPoint(histogram, point)).toEqual({
    attributes,
    startTimeUnixNano: "1",
    timeUnixNano: "2",
    count: "5",
    sum: 4,
    min: -2,
    max: 3,
    scale: 0,
    zeroCount: "1",
    positive: { offset: 0, bucketCounts: ["2", "1"] },
    negative: { offset: 0, bucketCounts: ["1"] },
  });
});

test("an empty histogram has no smallest and no largest value", () => {
  const point = toOtlpHistogramPoint(emptyHistogram(), { timeUnixNano: "2" });
  expect(point).toMatchObject({ count: "0", sum: 0, zeroCount: "0" });
  expect("min" in point || "max" in point).toBe(false);
});

test("a sum that outgrew a double is left out, since JSON would make it null", () => {
  const histogram = [1.7e308, 1.7e308].reduce(recordValue, emptyHistogram());
  const point = toOtlpHistogramPoint(histogram, { timeUnixNano: "2" });
  expect(point).toMatchObject({ count: "2", max: 1.7e308 });
  expect("sum" in point).toBe(false);
});

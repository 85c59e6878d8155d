import {
  ATTRIBUTES,
  DISTRIBUTION,
  METRICS,
  type OtlpAttribute,
  type OtlpBatch,
  type ReferenceFeature,
  randomizedShares,
} from "@selvedge/protocol";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Database } from "../store/database.ts";
import { freshDatabase } from "../store/fresh-database.fixture.ts";
import { answeredCall, FEATURES, row } from "./answered-call.fixture.ts";
import { DistributionCounts, type SampledCall } from "./distribution-counts.ts";

const HOUR_MS = 3_600_000;

let database: Database;
let counts: DistributionCounts;

beforeEach(async () => {
  database = await freshDatabase();
  counts = new DistributionCounts({ epsilon: undefined }, database);
});

afterEach(async () => {
  vi.restoreAllMocks();
  await database.close();
});

const now = () => Promise.resolve();
const count = (call: SampledCall) => counts.count(call, now);

const labelOf = (attributes: readonly OtlpAttribute[] = [], name: string) => {
  const { stringValue, intValue, doubleValue } =
    attributes.find(({ key }) => key === name)?.value ?? {};
  return stringValue ?? intValue ?? doubleValue;
};

/** What batches tell, by feature: counts of bins, and of what has none. */
function told(batches: readonly OtlpBatch[]) {
  const found: Record<string, Record<string, unknown>> = {};
  for (const batch of batches) {
    if (batch.signal !== "metrics") throw new Error("distributions are metrics");
    for (const { name, histogram, sum } of batch.body.resourceMetrics[0]?.scopeMetrics[0]
      ?.metrics ?? [])
      for (const point of [...(histogram?.dataPoints ?? []), ...(sum?.dataPoints ?? [])]) {
        const feature = String(labelOf(point.attributes, DISTRIBUTION.feature));
        found[feature] ??= {};
        if ("bucketCounts" in point) found[feature][name] = point.bucketCounts?.map(Number);
        else if ("asInt" in point)
          found[feature][String(labelOf(point.attributes, ATTRIBUTES.reason))] = Number(
            point.asInt,
          );
      }
  }
  return found;
}

test("a value of each feature is counted in its bin", async () => {
  await count(answeredCall({ inputs: { x: row(20) } }));
  await count(answeredCall({ inputs: { x: row(41) }, outputs: { y: row(0.9, 0.1) } }));
  expect(told(counts.take("shop"))).toEqual({
    age: { [METRICS.distribution]: [1, 0, 1] },
    "y.class": { [METRICS.distribution]: [1, 1] },
  });
  expect(counts.take("shop")).toEqual([]);
});

test("what is missing, out of range or unseen is counted as that", async () => {
  const features: ReferenceFeature[] = [
    ...FEATURES.slice(0, 1),
    { ...(FEATURES[1] as ReferenceFeature), categories: ["0", "7"] },
  ];
  await count(answeredCall({ inputs: { x: row(Number.NaN) }, features }));
  await count(
    answeredCall({ inputs: { x: row(91) }, outputs: { y: row(1, Number.NaN) }, features }),
  );
  expect(told(counts.take("shop"))).toEqual({
    age: { [METRICS.distribution]: [0, 0, 1], missing: 1, "out-of-range": 1 },
    "y.class": { unseen: 1, missing: 1 },
  });
});

test("inputs that were handed over are not counted as missing: they are not counted", async () => {
  await count({ ...answeredCall(), inputs: undefined });
  expect(Object.keys(told(counts.take("shop")))).toEqual(["y.class"]);
});

test("points say what model they are of and who contributed, to the minute, and no value", async () => {
  await count(answeredCall({ inputs: { x: row(33.125) } }));
  const [batch] = counts.take("shop", Date.UTC(2026, 10, 22, 9, 31, 10));
  const text = JSON.stringify(batch);
  expect(text).not.toContain("33.125");
  for (const summary of ["sum", "min", "max"])
    expect(text).not.toMatch(new RegExp(`"${summary}":-?[\\d"]`));
  const point =
    batch?.signal === "metrics"
      ? batch.body.resourceMetrics[0]?.scopeMetrics[0]?.metrics[0]?.histogram?.dataPoints[0]
      : undefined;
  const names = [...Object.values(ATTRIBUTES), ...Object.values(DISTRIBUTION)];
  const attributes = names.map((name) => [name, labelOf(point?.attributes, name)]);
  expect(Object.fromEntries(attributes.filter(([, value]) => value !== undefined))).toEqual({
    [ATTRIBUTES.model]: "penguins",
    [ATTRIBUTES.version]: "1.0.0",
    [ATTRIBUTES.dtype]: "fp32",
    [ATTRIBUTES.backend]: "wasm",
    [DISTRIBUTION.feature]: "age",
    [DISTRIBUTION.contributor]: expect.stringMatching(/^[0-9a-f]{32}$/),
  });
  expect(point).toMatchObject({ explicitBounds: [20, 40], count: "1" });
  const minute = (at: number) => `${at}000000`;
  expect(point?.startTimeUnixNano).toBe(minute(Date.UTC(2026, 10, 22, 9, 30)));
  expect(point?.timeUnixNano).toBe(minute(Date.UTC(2026, 10, 22, 9, 31)));
});

test("two packs leave in two batches: no batch holds two ids", async () => {
  await count(answeredCall({ digest: "d1" }));
  await count(answeredCall({ digest: "d2" }));
  const ids = counts
    .take("shop")
    .map((batch) => new Set(JSON.stringify(batch).match(/"[0-9a-f]{32}"/g)));
  expect(ids).toHaveLength(2);
  // The other one is the batch's own.
  for (const found of ids) expect(found.size).toBe(2);
});

test("a day contributes no more than its hours may, however much it predicts", async () => {
  const start = Date.UTC(2026, 10, 22);
  vi.spyOn(Math, "random").mockReturnValue(0.999);
  for (let i = 0; i < 24 * 8; i++) await count(answeredCall({ at: start + i * (HOUR_MS / 8) }));
  const { age } = told(counts.take("shop"));
  expect(age?.[METRICS.distribution]).toEqual([0, 24 * 4, 0]);
});

test("inputs are looked at when the page is idle, outputs before the app may change them", async () => {
  let goIdle = () => {};
  const call = answeredCall();
  const counted = counts.count(call, () => new Promise((resolve) => (goIdle = resolve)));
  if (call.outputs["y"]?.data instanceof Float32Array) call.outputs["y"].data.set([1, 0]);
  goIdle();
  await counted;
  expect(told(counts.take("shop"))["y.class"]).toEqual({ [METRICS.distribution]: [0, 1] });
});

test("one value of a batch is counted, any of them", async () => {
  const batch = { x: { ...row(10, 10, 50, 50), dims: [4, 1] } };
  vi.spyOn(Math, "random").mockReturnValue(0.6);
  await count(answeredCall({ inputs: batch }));
  expect(told(counts.take("shop"))["age"]).toEqual({ [METRICS.distribution]: [0, 0, 1] });
});

test("a large image costs the page no more than a small one", async () => {
  const look = (["brightness", "contrast", "sharpness"] as const).map((measure) => ({
    ...(FEATURES[0] as ReferenceFeature),
    name: measure,
    measure,
  }));
  const dims = [1, 3, 1500, 2000];
  const data = new Float32Array(9_000_000).fill(0.5);
  const call = answeredCall({ inputs: { x: { type: "float32", data, dims } }, features: look });
  const reads = vi.fn();
  const watched = new Proxy(data, {
    get(target, key) {
      if (typeof key === "string" && /^\d+$/.test(key)) reads();
      return Reflect.get(target, key);
    },
  });
  await count({ ...call, inputs: { x: { type: "float32", data: watched, dims } } });
  // Counted, as times on a busy machine mean nothing: of nine million numbers one look at 1,024 pixels and their neighbours.
  expect(reads.mock.calls.length).toBeLessThanOrEqual(1024 * 3 * 6);
  expect(Object.keys(told(counts.take("shop")))).toEqual(["brightness", "contrast", "sharpness"]);
});

describe("with an ε", () => {
  const epsilon = 1;

  beforeEach(() => {
    counts = new DistributionCounts({ epsilon }, database);
  });

  test("one answer for each feature leaves in a day, and says the ε it was randomised by", async () => {
    vi.spyOn(Math, "random").mockReturnValue(0.999);
    const at = Date.UTC(2026, 10, 22, 9);
    for (let i = 0; i < 20; i++) await count(answeredCall({ at: at + i * HOUR_MS }));
    const batches = counts.take("shop");
    const sums = Object.values(told(batches)).map((one) =>
      Object.values(one)
        .flat()
        .map(Number)
        .reduce((sum, n) => sum + n, 0),
    );
    expect(sums).toEqual([1, 1]);
    expect(
      JSON.stringify(batches).match(/"selvedge.epsilon","value":\{"intValue":"1"\}/g),
    ).toHaveLength(2);
  });

  test("answers are as often right as they should be, and everything there is can be told", async () => {
    const found = [0, 0, 0, 0];
    for (let i = 0; i < 1_000; i++) {
      // Each a device of its own: another pack has another id.
      await counts.count(
        { ...answeredCall({ digest: `d${i}`, features: FEATURES.slice(0, 1) }) },
        now,
      );
      const { age = {} } = told(counts.take("shop"));
      const bins = (age[METRICS.distribution] ?? [0, 0, 0]) as number[];
      for (const [bin, n] of [...bins, Number(age["missing"] ?? 0)].entries())
        found[bin] = (found[bin] ?? 0) + n;
      expect(age).not.toHaveProperty("out-of-range");
    }
    const expected = randomizedShares([0, 1, 0, 0], epsilon);
    // Five standard deviations: less than one run in a million is off by more.
    for (const [bin, share] of expected.entries())
      expect(Math.abs((found[bin] ?? 0) / 1_000 - share)).toBeLessThan(
        5 * Math.sqrt((share * (1 - share)) / 1_000),
      );
  });
});

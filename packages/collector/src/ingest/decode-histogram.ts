import type { OtlpBuckets, OtlpExponentialHistogramPoint } from "@selvedge/protocol";
import type { SparseHistogram } from "../store/store.ts";
import { toCount, toFinite, type Untrusted } from "./read-fields.ts";
import { Refusal } from "./refusals.ts";

/** The scales OTLP knows. */
const MIN_SCALE = -10;
const MAX_SCALE = 20;

/** The most one device can have counted since its last point. */
const MAX_COUNT = 1_000_000_000;

/** Twice what OpenTelemetry's own libraries keep. */
const MAX_BUCKETS = 320;

/** Doubles lie between 2^-1074 and 2^1024: what is beyond is no bucket of theirs. */
const MIN_EXPONENT = -1075;
const MAX_EXPONENT = 1024;

/** Sums are added up: of a hundred million devices they must still be a number. */
const MAX_SUM = 1e290;

/**
 * Reads a point's histogram.
 *
 * @throws Refusal when it is not one that can have been measured: a scale or a bucket that no
 * double falls into, counts that are no counts, or that do not add up.
 */
export function decodeHistogram(point: Untrusted<OtlpExponentialHistogramPoint>): SparseHistogram {
  const scale = point.scale ?? 0;
  if (typeof scale !== "number" || !Number.isInteger(scale))
    throw new Refusal("its scale is no whole number");
  if (scale < MIN_SCALE || scale > MAX_SCALE)
    throw new Refusal(`its scale is not from ${MIN_SCALE} to ${MAX_SCALE}`);
  const count = countOf(point.count);
  const zeroCount = countOf(point.zeroCount);
  const filled: Filled = { buckets: [], counts: [], total: 0 };
  decodeBuckets(point.positive, scale, filled);
  const positives = filled.buckets.length;
  decodeBuckets(point.negative, scale, filled);
  const { buckets, counts, total } = filled;
  if (count !== zeroCount + total) throw new Refusal("its count is not the sum of its buckets");
  const [sum = 0, min, max] = [finiteOf(point.sum), finiteOf(point.min), finiteOf(point.max)];
  if (Math.abs(sum) > MAX_SUM) throw new Refusal(`its sum is beyond ${MAX_SUM}`);
  if (min !== undefined && max !== undefined && min > max)
    throw new Refusal("its min is above its max");
  return { scale, count, sum, min, max, zeroCount, buckets, counts, positives };
}

/** Buckets that have anything in them, as they are found. */
interface Filled {
  readonly buckets: number[];
  readonly counts: number[];
  total: number;
}

function countOf(value: unknown): number {
  const count = toCount(value ?? 0, MAX_COUNT);
  if (count === undefined) throw new Refusal(`a count is not from 0 to ${MAX_COUNT}`);
  return count;
}

function finiteOf(value: unknown): number | undefined {
  if (value === undefined || value === null) return undefined;
  const number = toFinite(value);
  if (number === undefined) throw new Refusal("its sum, min or max is no finite number");
  return number;
}

function decodeBuckets(value: unknown, scale: number, filled: Filled): void {
  if (value === undefined || value === null) return;
  if (typeof value !== "object") throw new Refusal("its buckets are no object");
  const { offset = 0, bucketCounts = [] } = value as Untrusted<OtlpBuckets>;
  if (!Array.isArray(bucketCounts)) throw new Refusal("its bucket counts are no list");
  if (bucketCounts.length > MAX_BUCKETS) throw new Refusal(`more than ${MAX_BUCKETS} buckets`);
  if (bucketCounts.length === 0) return;
  if (typeof offset !== "number" || !Number.isInteger(offset))
    throw new Refusal("a bucket offset is no whole number");
  const last = offset + bucketCounts.length - 1;
  if (offset < Math.floor(MIN_EXPONENT * 2 ** scale) || last > MAX_EXPONENT * 2 ** scale)
    throw new Refusal("its buckets lie beyond what a number can be");
  for (let i = 0; i < bucketCounts.length; i++) {
    const sent: unknown = bucketCounts[i];
    // Most buckets of most points are empty, and written as these two.
    if (sent === "0" || sent === 0) continue;
    const count = countOf(sent);
    if (count === 0) continue;
    filled.buckets.push(offset + i);
    filled.counts.push(count);
    filled.total += count;
  }
}

import {
  ATTRIBUTES,
  boundsOf,
  DELTA,
  DISTRIBUTION,
  IRREGULARITIES,
  type Irregularity,
  METRICS,
  type OtlpBatch,
  type OtlpHistogramPoint,
  type OtlpNumberPoint,
  type ReferenceFeature,
  toOtlpAttributes,
  toUnixNano,
} from "@selvedge/protocol";
import { toMetrics } from "../telemetry/otlp-batch.ts";

/** Times are told to the minute: another request that this device sends may be exact. */
const MINUTE_MS = 60_000;

/** What was counted of one feature. */
export interface FeatureCounts {
  readonly feature: ReferenceFeature;
  /** By bin. */
  readonly counts: number[];
  readonly irregular: Partial<Record<Irregularity, number>>;
}

/** What was counted of one pack, in one place, under one id. */
export interface Contributed {
  /** Model, version, dtype and backend. */
  readonly attributes: Readonly<Record<string, string>>;
  readonly contributor: string;
  readonly epsilon: number | undefined;
  /** Milliseconds since 1970. */
  readonly since: number;
  readonly features: readonly FeatureCounts[];
}

/**
 * Writes counts as a batch of their own: nothing but what every batch says of a device stands beside the
 * contributor's id. Neither sums nor extremes are told: of one value they would be the value.
 */
export function distributionBatch(
  { attributes, contributor, epsilon, since, features }: Contributed,
  { service, until }: { service: string; until: number },
): OtlpBatch {
  const span = {
    startTimeUnixNano: toUnixNano(toMinute(since)),
    timeUnixNano: toUnixNano(toMinute(until)),
  };
  const attributesOf = (feature: ReferenceFeature, more: Record<string, string> = {}) =>
    toOtlpAttributes({
      ...attributes,
      [DISTRIBUTION.feature]: feature.name,
      [DISTRIBUTION.contributor]: contributor,
      ...(epsilon === undefined ? {} : { [DISTRIBUTION.epsilon]: epsilon }),
      ...more,
    });
  const histograms = features.flatMap(({ feature, counts }): OtlpHistogramPoint[] => {
    const count = counts.reduce((sum, one) => sum + one, 0);
    if (count === 0) return [];
    const bucketCounts = counts.map(String);
    const bounds = { bucketCounts, explicitBounds: boundsOf(feature) };
    return [{ attributes: attributesOf(feature), ...span, count: String(count), ...bounds }];
  });
  const irregulars = features.flatMap(({ feature, irregular }) =>
    IRREGULARITIES.flatMap((reason): OtlpNumberPoint[] => {
      const asInt = irregular[reason];
      if (asInt === undefined) return [];
      const labels = attributesOf(feature, { [ATTRIBUTES.reason]: reason });
      return [{ attributes: labels, ...span, asInt: String(asInt) }];
    }),
  );
  const [aggregationTemporality, unit] = [DELTA, "{value}"];
  const histogram = { aggregationTemporality, dataPoints: histograms };
  const sum = { aggregationTemporality, isMonotonic: true, dataPoints: irregulars };
  return toMetrics(service, [
    ...(histograms.length === 0 ? [] : [{ name: METRICS.distribution, unit, histogram }]),
    ...(irregulars.length === 0 ? [] : [{ name: METRICS.irregular, unit, sum }]),
  ]);
}

function toMinute(timeMs: number): number {
  return Math.floor(timeMs / MINUTE_MS) * MINUTE_MS;
}

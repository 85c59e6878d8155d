import { DELTA, METRICS, type OtlpMetric } from "@selvedge/protocol";
import { listAt, objectAt } from "./read-fields.ts";

const MAX_NAME_CHARS = 255;

/** The kinds of metrics of OTLP whose points are counted as refused. */
const OTHER_KINDS = ["gauge", "summary"] as const;

/** What the points of a metric are stored as. */
export type MetricKind = "counter" | "histogram" | "distribution" | "irregular";

/** A metric, and what is to be done with its points. */
export type ReadMetric = { readonly name: string; readonly points: readonly unknown[] } & (
  | { readonly kind: MetricKind }
  | {
      readonly kind: "refused";
      /** Why none of its points can be kept. */
      readonly reason: string;
    }
);

/**
 * Reads what kind of metric one is. Kept are what adds up: sums that only rise and exponential
 * histograms, both of delta temporality, and the distributions that Selvedge's own SDK sends.
 *
 * @throws SelvedgeError `telemetry-invalid` when it is not what OTLP says.
 */
export function readMetric(item: unknown, path: string): ReadMetric {
  const metric = objectAt<OtlpMetric & Record<(typeof OTHER_KINDS)[number], unknown>>(item, path);
  const { sum, histogram, exponentialHistogram } = metric;
  const other = OTHER_KINDS.find((kind) => metric[kind] !== undefined);
  const value = exponentialHistogram ?? sum ?? histogram ?? (other && metric[other]) ?? {};
  const series = objectAt<NonNullable<OtlpMetric["sum"]>>(value, `${path}'s values`);
  const name = typeof metric.name === "string" ? metric.name : "";
  const points = listAt(series.dataPoints, `${path}.dataPoints`);
  const refuse = (reason: string): ReadMetric => ({ name, points, kind: "refused", reason });
  if (name === "" || name.length > MAX_NAME_CHARS)
    return refuse(`its metric's name is no text of 1 to ${MAX_NAME_CHARS} characters`);
  const isExplicit = value === histogram;
  if (isExplicit !== (name === METRICS.distribution))
    return refuse(
      isExplicit
        ? "a histogram with bounds of its own is not stored here: set the exporter's histograms to exponential"
        : `${METRICS.distribution} is no histogram with bounds`,
    );
  if (!isExplicit && value !== exponentialHistogram && value !== sum)
    return refuse(`a ${other} is not stored here, only sums and exponential histograms are`);
  if (series.aggregationTemporality !== DELTA)
    return refuse("its temporality is not delta: set the exporter's preference to delta");
  if (isExplicit) return { name, points, kind: "distribution" };
  if (value === exponentialHistogram) return { name, points, kind: "histogram" };
  if (series.isMonotonic !== true) return refuse("its sum is not monotonic");
  return { name, points, kind: name === METRICS.irregular ? "irregular" : "counter" };
}

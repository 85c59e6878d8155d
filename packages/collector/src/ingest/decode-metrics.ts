import {
  DELTA,
  type OtlpExponentialHistogramPoint,
  type OtlpMetric,
  type OtlpNumberPoint,
} from "@selvedge/protocol";
import type { CounterPoint, HistogramPoint, MetricsBatch, Observation } from "../store/store.ts";
import { batchesById } from "./batches-by-id.ts";
import { decodeAttributes } from "./decode-attributes.ts";
import { decodeHistogram } from "./decode-histogram.ts";
import { createItemLimit } from "./item-limit.ts";
import { listAt, objectAt, toCount, toFinite, toTimeMs, type Untrusted } from "./read-fields.ts";
import { Refusal, Refusals } from "./refusals.ts";
import { METRICS_LEVELS, walkRequest } from "./walk-request.ts";

const MAX_NAME_CHARS = 255;
const MAX_LABEL_CHARS = 256;

/** The kinds of metrics of OTLP whose points are counted as refused. */
const OTHER_KINDS = ["gauge", "histogram", "summary"] as const;

/** What of a request is to be stored, and what of it is refused. */
export interface DecodedMetrics {
  readonly batches: readonly MetricsBatch[];
  readonly refusals: Refusals;
}

/**
 * Reads the body of a request to `/v1/metrics`, as parsed from JSON. Points that make no sense are
 * refused one by one; everything around them must be OTLP.
 *
 * @throws SelvedgeError `telemetry-invalid` when it is not OTLP, `telemetry-too-large` when it has
 * too many points.
 */
export function decodeMetrics(body: unknown, nowMs: number): DecodedMetrics {
  const refusals = new Refusals();
  const count = createItemLimit();
  const batches = batchesById((id) => ({
    id,
    histograms: [] as HistogramPoint[],
    counters: [] as CounterPoint[],
    distributions: [],
    irregulars: [],
  }));
  for (const { item, path, batchId, resource } of walkRequest(body, METRICS_LEVELS)) {
    const { name, kind, points, refusal } = readMetric(item, path);
    count(points.length);
    if (refusal !== undefined) {
      refusals.add(refusal, points.length);
      continue;
    }
    const batch = batches.of(batchId);
    for (const [p, point] of points.entries()) {
      const fields = objectAt<AnyPoint>(point, `${path}.dataPoints[${p}]`);
      refusals.keep(() => {
        const common = { metric: name, ...readObservation(fields, resource, nowMs) };
        if (kind === "histogram")
          batch.histograms.push({ ...common, histogram: decodeHistogram(fields) });
        else batch.counters.push({ ...common, value: readIncrease(fields) });
      });
    }
  }
  return { batches: batches.all, refusals };
}

type AnyPoint = OtlpNumberPoint & OtlpExponentialHistogramPoint;

interface ReadMetric {
  readonly name: string;
  readonly kind: "counter" | "histogram";
  readonly points: readonly unknown[];
  /** Why none of its points can be kept. */
  readonly refusal?: string;
}

function readMetric(item: unknown, path: string): ReadMetric {
  const metric = objectAt<OtlpMetric & Record<(typeof OTHER_KINDS)[number], unknown>>(item, path);
  const { name, sum, exponentialHistogram } = metric;
  const other = OTHER_KINDS.find((kind) => metric[kind] !== undefined);
  const value = exponentialHistogram ?? sum ?? (other === undefined ? {} : metric[other]);
  const series = objectAt<NonNullable<OtlpMetric["sum"]>>(value, `${path}'s values`);
  const read = {
    name: typeof name === "string" ? name : "",
    kind: exponentialHistogram === undefined ? "counter" : "histogram",
    points: listAt(series.dataPoints, `${path}.dataPoints`),
  } as const;
  const refuse = (refusal: string): ReadMetric => ({ ...read, refusal });
  if (read.name === "" || read.name.length > MAX_NAME_CHARS)
    return refuse(`its metric's name is no text of 1 to ${MAX_NAME_CHARS} characters`);
  if (value !== exponentialHistogram && value !== sum)
    return refuse(`a ${other} is not stored here, only sums and exponential histograms are`);
  if (series.aggregationTemporality !== DELTA)
    return refuse("its temporality is not delta: set the exporter's preference to delta");
  if (read.kind === "counter" && series.isMonotonic !== true)
    return refuse("its sum is not monotonic");
  return read;
}

/** What every point has. */
function readObservation(
  point: Untrusted<AnyPoint>,
  resource: string | undefined,
  nowMs: number,
): Observation {
  const timeMs = toTimeMs(point.timeUnixNano, nowMs);
  if (timeMs === undefined)
    throw new Refusal("its time is before 2020, more than a day ahead, or none");
  return { timeMs, ...decodeAttributes(point.attributes, MAX_LABEL_CHARS), resource };
}

function readIncrease(point: Untrusted<AnyPoint>): number {
  const { asInt, asDouble } = point;
  const value = asInt === undefined ? toFinite(asDouble) : toCount(asInt, Number.MAX_SAFE_INTEGER);
  if (value === undefined || value < 0 || value > Number.MAX_SAFE_INTEGER)
    throw new Refusal("its value is no number from 0 to 2^53");
  return value;
}

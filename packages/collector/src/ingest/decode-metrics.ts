import type {
  OtlpExponentialHistogramPoint,
  OtlpHistogramPoint,
  OtlpNumberPoint,
} from "@selvedge/protocol";
import type {
  CounterPoint,
  DistributionPoint,
  HistogramPoint,
  IrregularPoint,
  MetricsBatch,
} from "../store/store.ts";
import { batchesById } from "./batches-by-id.ts";
import { decodeAttributes, type Resource } from "./decode-attributes.ts";
import {
  DISTRIBUTION_KEYS,
  decodeBins,
  readFeature,
  readIrregularity,
} from "./decode-distribution.ts";
import { decodeHistogram } from "./decode-histogram.ts";
import { createItemLimit } from "./item-limit.ts";
import { isObject, objectAt, toCount, toFinite, toTimeMs, type Untrusted } from "./read-fields.ts";
import { type MetricKind, readMetric } from "./read-metric.ts";
import { Refusal, Refusals } from "./refusals.ts";
import { type AttributesMemory, createAttributesMemory } from "./remember-attributes.ts";
import { METRICS_LEVELS, walkRequest } from "./walk-request.ts";

const MAX_LABEL_CHARS = 256;

/** What of a request is to be stored, and what of it is refused. */
export interface DecodedMetrics {
  readonly batches: readonly MetricsBatch[];
  readonly refusals: Refusals;
}

/**
 * Reads the body of a request to `/v1/metrics`, as its JSON says it. Points that make no sense are
 * refused one by one; everything around them must be OTLP.
 *
 * @param memory of labels, where requests before this one had the same
 * @throws SelvedgeError `telemetry-invalid` when it is not OTLP, `telemetry-too-large` when it has
 * too many points.
 */
export function decodeMetrics(
  body: unknown,
  nowMs: number,
  memory: AttributesMemory = createAttributesMemory(),
): DecodedMetrics {
  const refusals = new Refusals();
  const count = createItemLimit();
  const batches = batchesById((id) => ({
    id,
    histograms: [] as HistogramPoint[],
    counters: [] as CounterPoint[],
    distributions: [] as DistributionPoint[],
    irregulars: [] as IrregularPoint[],
  }));
  const timeOf = rememberTime(nowMs);
  for (const { item, path, resource } of walkRequest(body, METRICS_LEVELS)) {
    const metric = readMetric(item, path);
    const { name, points } = metric;
    count(points.length);
    if (metric.kind === "refused") {
      refusals.add(metric.reason, points.length);
      continue;
    }
    const how = { name, kind: metric.kind, resource, timeOf, memory };
    const batch = batches.of(resource.batchId);
    for (const [p, point] of points.entries()) {
      // Where a point is, is put together for errors alone.
      const fields = isObject<AnyPoint>(point)
        ? point
        : objectAt<AnyPoint>(point, `${path}.dataPoints[${p}]`);
      refusals.keep(() => keepPoint(batch, fields, how));
    }
  }
  return { batches: batches.all, refusals };
}

type AnyPoint = OtlpNumberPoint & OtlpExponentialHistogramPoint & OtlpHistogramPoint;

interface GrowingBatch {
  readonly histograms: HistogramPoint[];
  readonly counters: CounterPoint[];
  readonly distributions: DistributionPoint[];
  readonly irregulars: IrregularPoint[];
}

/** What a point is read with. */
interface Reading {
  /** Its metric's. */
  readonly name: string;
  readonly kind: MetricKind;
  readonly resource: Resource;
  readonly timeOf: (value: unknown) => number | undefined;
  readonly memory: AttributesMemory;
}

/** Points of a request are mostly of one moment. */
function rememberTime(nowMs: number): Reading["timeOf"] {
  let last: { readonly value: unknown; readonly timeMs: number | undefined } | undefined;
  return (value) => {
    if (last === undefined || last.value !== value)
      last = { value, timeMs: toTimeMs(value, nowMs) };
    return last.timeMs;
  };
}

/** Reads a point and puts it where its kind belongs; throws Refusal where it makes no sense. */
function keepPoint(
  batch: GrowingBatch,
  fields: Untrusted<AnyPoint>,
  { name: metric, kind, resource, timeOf, memory }: Reading,
): void {
  const timeMs = timeOf(fields.timeUnixNano);
  if (timeMs === undefined)
    throw new Refusal("its time is before 2020, more than a day ahead, or none");
  const isOfFeature = kind === "distribution" || kind === "irregular";
  const read = (take?: ReadonlySet<string>) =>
    decodeAttributes(fields.attributes, {
      ofResource: resource.labels,
      maxChars: MAX_LABEL_CHARS,
      ...(take && { take }),
    });
  const decoded = isOfFeature
    ? read(DISTRIBUTION_KEYS)
    : memory.recall(fields.attributes, resource.labels, read);
  const { labels, attributes } = decoded;
  // Written out in each: this is the busiest place there is, and spreading takes as long as the rest.
  const { attributes: from } = resource;
  if (kind === "histogram") {
    const histogram = decodeHistogram(fields);
    batch.histograms.push({ timeMs, labels, attributes, resource: from, metric, histogram });
  } else if (kind === "counter") {
    const value = readIncrease(fields);
    batch.counters.push({ timeMs, labels, attributes, resource: from, metric, value });
  } else {
    const common = { timeMs, labels, attributes, resource: from, ...readFeature(decoded) };
    if (kind === "distribution") batch.distributions.push({ ...common, ...decodeBins(fields) });
    else {
      const { epsilon: _, ...irregular } = common;
      const irregularity = readIrregularity(labels);
      batch.irregulars.push({ ...irregular, irregularity, value: readIncrease(fields) });
    }
  }
}

function readIncrease(point: Untrusted<AnyPoint>): number {
  const { asInt, asDouble } = point;
  const value = asInt === undefined ? toFinite(asDouble) : toCount(asInt, Number.MAX_SAFE_INTEGER);
  if (value === undefined || value < 0 || value > Number.MAX_SAFE_INTEGER)
    throw new Refusal("its value is no number from 0 to 2^53");
  return value;
}

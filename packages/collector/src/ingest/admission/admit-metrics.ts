import { FEEDBACK, METRICS } from "@selvedge/protocol";
import type {
  CounterPoint,
  DistributionPoint,
  IrregularPoint,
  Labels,
  MetricsBatch,
} from "../../store/store.ts";
import { LABELS, type LabelBounds } from "./label-bounds.ts";
import { openDay } from "./open-day.ts";

/**
 * What of a batch is stored: the points as they are, but that labels without room are `other`, that
 * feedback is told apart by what feedback is told apart by and nothing else, and that no day of
 * distributions or feedback grows once it is over.
 */
export function admitMetrics(
  batch: MetricsBatch,
  bounds: LabelBounds,
  nowMs: number,
): MetricsBatch {
  const bounded = <T extends { readonly labels: Labels }>(point: T): T => {
    const labels = bounds.of(point.labels);
    return labels === point.labels ? point : { ...point, labels };
  };
  const ofFeature = <T extends DistributionPoint | IrregularPoint>(point: T): T => ({
    ...bounded(point),
    feature: bounds.textOf("feature", point.feature),
    timeMs: openDay(point, nowMs),
  });
  return {
    id: batch.id,
    histograms: batch.histograms.map((point) =>
      point.metric === METRICS.feedbackError ? onOpenDay(bounded(point), nowMs) : bounded(point),
    ),
    counters: batch.counters.map((point) =>
      point.metric === METRICS.feedback
        ? onOpenDay(admitFeedback(point, bounds), nowMs)
        : bounded(point),
    ),
    distributions: batch.distributions.map(ofFeature),
    irregulars: batch.irregulars.map(ofFeature),
  };
}

function onOpenDay<T extends { readonly timeMs: number }>(point: T, nowMs: number): T {
  return { ...point, timeMs: openDay(point, nowMs) };
}

/** Rollups keep the attributes of feedback: only those that it has, and of classes as many as there is room for. */
function admitFeedback(point: CounterPoint, bounds: LabelBounds): CounterPoint {
  const said: Readonly<Record<string, unknown>> = JSON.parse(point.attributes ?? "{}");
  const read = (name: string, isOne: (text: string) => boolean = () => true) => {
    const text = String(said[name] ?? "");
    return said[name] !== undefined && isOne(text) ? { [name]: text } : {};
  };
  const classOf = (name: string) => {
    const { [name]: text } = read(name);
    return text === undefined ? {} : { [name]: bounds.textOf("class", text) };
  };
  const correct = read(FEEDBACK.correct, (text) => text === "true" || text === "false");
  const attributes = JSON.stringify({
    ...correct,
    ...classOf(FEEDBACK.predicted),
    ...classOf(FEEDBACK.label),
    ...read(FEEDBACK.confidence, (text) => /^\d$/.test(text)),
  });
  const labels = bounds.of(point.labels, attributes);
  if (isSame(labels, point.labels)) return { ...point, labels, attributes };
  // Without room for its series, it counts for the accuracy and for nothing else.
  return { ...point, labels, attributes: JSON.stringify(correct) };
}

function isSame(a: Labels, b: Labels): boolean {
  return a === b || LABELS.every((label) => a[label] === b[label]);
}

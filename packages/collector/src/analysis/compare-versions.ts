import type { Comparison, ComparisonAnswer } from "@selvedge/protocol";
import type { FeedbackSummary, VersionFigures } from "../store/store.ts";
import { differenceInterval, type Interval, wilsonInterval } from "./interval.ts";
import { quantileInterval } from "./quantile-interval.ts";

/** How many calls, or judged predictions, either version needs before a difference is spoken of. */
const MIN_COMPARED = 100;

/** What a figure of one version is, and on how much it was measured. */
interface Measured {
  readonly count: number;
  /** `undefined` where there is too little for one. */
  readonly interval: Interval | undefined;
}

/**
 * Puts two versions side by side. Failures and accuracy are compared by Newcombe's interval, latencies
 * by order statistics. All of them take calls for independent; those of one device are not quite, so
 * that an interval is rather too narrow where few devices made most of the calls.
 */
export function compareVersions(
  { model, a, b }: { readonly model: string; readonly a: string; readonly b: string },
  figures: readonly VersionFigures[],
  feedback: FeedbackSummary,
): ComparisonAnswer {
  const of = (version: string) =>
    figures.find((entry) => entry.model === model && entry.version === version);
  const compare = (
    metric: Comparison["metric"],
    isHigherBetter: boolean,
    measure: (version: string) => Measured,
  ) => comparison({ metric, isHigherBetter, a: measure(a), b: measure(b) });
  return {
    model,
    a,
    b,
    comparisons: [
      compare("failure-rate", false, (version) => failureRate(of(version))),
      compare("latency-p50", false, (version) => latency(of(version), 0.5)),
      compare("latency-p95", false, (version) => latency(of(version), 0.95)),
      compare("accuracy", true, (version) => accuracy(feedback, model, version)),
    ],
  };
}

function failureRate(figures: VersionFigures | undefined): Measured {
  const { predictions = 0, failures = 0 } = figures ?? {};
  return share(failures, predictions + failures);
}

function accuracy(feedback: FeedbackSummary, model: string, version: string): Measured {
  const judged = feedback.counts.filter(
    (entry) => entry.model === model && entry.version === version,
  );
  const sum = (entries: typeof judged) => entries.reduce((total, { count }) => total + count, 0);
  return share(sum(judged.filter(({ correct }) => correct)), sum(judged));
}

function share(hits: number, count: number): Measured {
  return { count, interval: count === 0 ? undefined : wilsonInterval(hits, count) };
}

/** Milliseconds. */
function latency(figures: VersionFigures | undefined, q: number): Measured {
  if (figures === undefined) return { count: 0, interval: undefined };
  const seconds = quantileInterval(figures.latency, q);
  const interval = seconds && {
    value: seconds.value * 1000,
    low: seconds.low * 1000,
    high: seconds.high * 1000,
  };
  return { count: figures.latency.count, interval };
}

function comparison({
  metric,
  isHigherBetter,
  a,
  b,
}: {
  metric: Comparison["metric"];
  isHigherBetter: boolean;
  a: Measured;
  b: Measured;
}): Comparison {
  const shown = ({ count, interval }: Measured) =>
    interval === undefined ? null : { value: interval.value, count };
  const sides = { metric, a: shown(a), b: shown(b) };
  const isEnough = Math.min(a.count, b.count) >= MIN_COMPARED;
  if (!isEnough || a.interval === undefined || b.interval === undefined)
    return { ...sides, difference: null, verdict: "too-few" };
  const difference = differenceInterval(a.interval, b.interval);
  if (difference.low <= 0 && difference.high >= 0)
    return { ...sides, difference, verdict: "no-difference" };
  const isBetter = difference.value > 0 === isHigherBetter;
  return { ...sides, difference, verdict: isBetter ? "b-better" : "b-worse" };
}

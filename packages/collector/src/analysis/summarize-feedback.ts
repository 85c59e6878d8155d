import { type AccuracyAnswer, type Quantiles, quantile } from "@selvedge/protocol";
import type { FeedbackSummary } from "../store/store.ts";
import { wilsonInterval } from "./interval.ts";
import { publishConfusion } from "./publish-confusion.ts";

type Counts = FeedbackSummary["counts"];
type VersionAccuracy = AccuracyAnswer["versions"][number];

/** What feedback says of each version: accuracy, calibration and confusion, of what was judged. */
export function summarizeFeedback({ counts, errors }: FeedbackSummary): AccuracyAnswer {
  const versions = new Map<string, { model: string; version: string }>();
  for (const { model, version } of [...counts, ...errors])
    versions.set(JSON.stringify([model, version]), { model, version });
  const summaries = [...versions.values()].map(({ model, version }): VersionAccuracy => {
    const isIts = (entry: { model: string; version: string }) =>
      entry.model === model && entry.version === version;
    const its = counts.filter(isIts);
    const judged = total(its);
    const correct = total(its.filter((entry) => entry.correct));
    const calibration = calibrationOf(its);
    const error = errors.find(isIts)?.histogram;
    return {
      model,
      version,
      judged,
      correct,
      accuracy: judged === 0 ? null : wilsonInterval(correct, judged),
      calibration,
      calibrationError: calibrationError(calibration),
      confusion: confusionOf(its),
      error: error === undefined ? null : quantilesOf(error),
    };
  });
  return {
    versions: summaries.toSorted(
      (a, b) => compareText(a.model, b.model) || compareText(a.version, b.version),
    ),
  };
}

function total(counts: Counts): number {
  return counts.reduce((sum, { count }) => sum + count, 0);
}

function calibrationOf(counts: Counts): VersionAccuracy["calibration"] {
  return Array.from({ length: 10 }, (_, tenth) => {
    const its = counts.filter(({ confidenceTenth }) => confidenceTenth === tenth);
    return { tenth, judged: total(its), correct: total(its.filter(({ correct }) => correct)) };
  }).filter(({ judged }) => judged > 0);
}

/**
 * Expected calibration error: how far accuracy lies from confidence, tenth by tenth, weighed by what was
 * judged. Of a confidence only its tenth is known, which stands for its middle: the error is right to 0.05.
 *
 * @see C. Guo, G. Pleiss, Y. Sun, K. Weinberger, "On calibration of modern neural networks" (2017)
 */
function calibrationError(calibration: VersionAccuracy["calibration"]): number | null {
  const judged = calibration.reduce((sum, tenth) => sum + tenth.judged, 0);
  if (judged === 0) return null;
  const apart = calibration.reduce(
    (sum, { tenth, judged: of, correct }) => sum + Math.abs(correct - (of * (tenth + 0.5)) / 10),
    0,
  );
  return apart / judged;
}

/** What was predicted beside what was true, as far as it may be known, the most frequent first. */
function confusionOf(counts: Counts): VersionAccuracy["confusion"] {
  const cells = new Map<string, { predicted: string; label: string; count: number }>();
  for (const { predicted, label, count } of counts) {
    if (predicted === undefined || label === undefined) continue;
    const key = JSON.stringify([predicted, label]);
    cells.set(key, { predicted, label, count: (cells.get(key)?.count ?? 0) + count });
  }
  return publishConfusion([...cells.values()]).toSorted(
    (a, b) =>
      b.count - a.count || compareText(a.predicted, b.predicted) || compareText(a.label, b.label),
  );
}

function quantilesOf(histogram: Parameters<typeof quantile>[0]): Quantiles | null {
  const [p50, p95, p99] = [0.5, 0.95, 0.99].map((q) => quantile(histogram, q));
  if (p50 === undefined || p95 === undefined || p99 === undefined) return null;
  return { count: histogram.count, p50, p95, p99 };
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

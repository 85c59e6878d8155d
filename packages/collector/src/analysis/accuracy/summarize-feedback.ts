import { type AccuracyAnswer, type ExponentialHistogram, quantile } from "@selvedge/protocol";
import type { FeedbackSummary } from "../../store/store.ts";
import { MIN_HOLDERS } from "../drift/group-bins.ts";
import { wilsonInterval } from "../interval.ts";
import { type FeedbackBlock, mergeBlocks } from "./feedback-block.ts";
import { writeConfusion } from "./publish-confusion.ts";
import { tallyFeedback } from "./tally-feedback.ts";

type VersionAccuracy = AccuracyAnswer["versions"][number];

/**
 * What feedback says of each version that there is any of in a window.
 *
 * @param live what came in the window: how many were judged and how many were right is told of it
 * @param blocks what may be known of the blocks of days that answer for the window: all else is told of them
 */
export function summarizeFeedback(
  live: FeedbackSummary,
  blocks: readonly FeedbackBlock[],
): AccuracyAnswer {
  const versions = [...tallyFeedback(live).values()].map(
    ({ model, version, judged, correct }): VersionAccuracy => {
      const its = blocks.filter((block) => block.model === model && block.version === version);
      return {
        model,
        version,
        judged,
        correct,
        accuracy: judged === 0 ? null : wilsonInterval(correct, judged),
        ...detailsOf(mergeBlocks(its)),
      };
    },
  );
  return {
    versions: versions.toSorted(
      (a, b) => compareText(a.model, b.model) || compareText(a.version, b.version),
    ),
  };
}

type Details = Pick<
  VersionAccuracy,
  "days" | "calibration" | "calibrationError" | "confusion" | "error"
>;

function detailsOf(block: FeedbackBlock | undefined): Details {
  if (block === undefined)
    return { days: null, calibration: [], calibrationError: null, confusion: [], error: null };
  const { from, to, tenths, confusion, error } = block;
  return {
    days: { from, to },
    calibration: tenths,
    calibrationError: calibrationError(tenths),
    confusion: writeConfusion(confusion),
    error: error === undefined ? null : writeError(error),
  };
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

/** A quantile with few values beyond it is nearly the value of one of them, and is not told. */
function writeError(histogram: ExponentialHistogram): VersionAccuracy["error"] {
  const { count } = histogram;
  const percentile = (percent: number): number | null => {
    const isTold = count * (100 - percent) >= MIN_HOLDERS * 100;
    return (isTold ? quantile(histogram, percent / 100) : undefined) ?? null;
  };
  const p50 = percentile(50);
  return p50 === null ? null : { count, p50, p95: percentile(95), p99: percentile(99) };
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

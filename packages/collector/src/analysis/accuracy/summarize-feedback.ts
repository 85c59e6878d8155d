import {
  type AccuracyAnswer,
  type ExponentialHistogram,
  type FeedbackDays,
  mergeHistograms,
  quantile,
} from "@selvedge/protocol";
import type { FeedbackSummary } from "../../store/store.ts";
import { MIN_HOLDERS } from "../drift/group-bins.ts";
import { DAY_MS } from "../drift/to-blocks.ts";
import { wilsonInterval } from "../interval.ts";
import type { FeedbackBlock } from "./feedback-block.ts";
import { type ConfidenceRange, mergeCalibrations } from "./publish-calibration.ts";
import { mergeConfusions, writeConfusion } from "./publish-confusion.ts";
import { tallyFeedback, versionKey } from "./tally-feedback.ts";

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
  const blocksOf = byVersion(blocks);
  const versions = [...tallyFeedback(live)].map(
    ([key, { model, version, judged, correct }]): VersionAccuracy => ({
      ...{ model, version, judged, correct },
      accuracy: judged === 0 ? null : wilsonInterval(correct, judged),
      ...detailsOf(blocksOf.get(key) ?? []),
      classNames: {},
    }),
  );
  return {
    versions: versions.toSorted(
      (a, b) => compareText(a.model, b.model) || compareText(a.version, b.version),
    ),
  };
}

/** Blocks by `versionKey`. */
function byVersion(blocks: readonly FeedbackBlock[]): Map<string, FeedbackBlock[]> {
  const groups = new Map<string, FeedbackBlock[]>();
  for (const block of blocks) {
    const group = groups.get(versionKey(block));
    if (group === undefined) groups.set(versionKey(block), [block]);
    else group.push(block);
  }
  return groups;
}

type Details = Pick<
  VersionAccuracy,
  "days" | "calibration" | "calibrationError" | "confusion" | "error"
>;

function detailsOf(blocks: readonly FeedbackBlock[]): Details {
  const calibrated = blocks.filter(({ ranges }) => ranges.length > 0);
  const ranges = mergeCalibrations(calibrated.map((block) => block.ranges));
  const off = blocks.filter(({ error }) => error !== undefined);
  const error = writeError(off.flatMap((block) => block.error ?? []));
  return {
    days: {
      calibration: ranges.length === 0 ? null : daysOf(calibrated),
      confusion: daysOf(blocks),
      error: error === null ? null : daysOf(off),
    },
    calibration: ranges.map(({ first, last, judged, correct }) => ({
      ...{ from: first / 10, to: (last + 1) / 10, judged, correct },
    })),
    calibrationError: calibrationError(ranges),
    confusion: writeConfusion(mergeConfusions(blocks.map(({ confusion }) => confusion))),
    error,
  };
}

/** `null` for no blocks. */
function daysOf(blocks: readonly FeedbackBlock[]): FeedbackDays | null {
  if (blocks.length === 0) return null;
  return {
    from: Math.min(...blocks.map(({ from }) => from)),
    to: Math.max(...blocks.map(({ to }) => to)),
    count: blocks.reduce((sum, { from, to }) => sum + (to - from) / DAY_MS, 0),
  };
}

/**
 * Expected calibration error: how far accuracy lies from confidence, range by range, weighed by what was
 * judged. Of a confidence only its range is known, so that this is the least that it may be.
 *
 * @see C. Guo, G. Pleiss, Y. Sun, K. Weinberger, "On calibration of modern neural networks" (2017)
 */
function calibrationError(ranges: readonly ConfidenceRange[]): number | null {
  const judged = ranges.reduce((sum, range) => sum + range.judged, 0);
  if (judged === 0) return null;
  const apart = ranges.reduce((sum, { first, last, judged: of, correct }) => {
    const [least, most] = [(of * first) / 10, (of * (last + 1)) / 10];
    return sum + Math.max(0, least - correct, correct - most);
  }, 0);
  return apart / judged;
}

/** A quantile with few values beyond it is nearly the value of one of them, and is not told. */
function writeError(histograms: readonly ExponentialHistogram[]): VersionAccuracy["error"] {
  const [first, ...others] = histograms;
  if (first === undefined) return null;
  const histogram = others.reduce(mergeHistograms, first);
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

import type { ExponentialHistogram } from "@selvedge/protocol";
import { MIN_HOLDERS } from "../drift/group-bins.ts";
import { type ConfidenceRange, publishCalibration } from "./publish-calibration.ts";
import { type PublishedConfusion, publishConfusion } from "./publish-confusion.ts";
import type { FeedbackTally } from "./tally-feedback.ts";

/**
 * What may be known of a version's feedback over a block of whole days, but for how many were right and
 * how many wrong: everything that an answer tells apart further is computed from these.
 */
export interface FeedbackBlock {
  readonly model: string;
  readonly version: string;
  /** Milliseconds since 1970, midnights in UTC. */
  readonly from: number;
  readonly to: number;
  readonly confusion: PublishedConfusion;
  /** Ranges of confidence with fifty right and fifty wrong predictions and more. */
  readonly ranges: readonly ConfidenceRange[];
  /** How far values were off, where fifty were told; without the least and the most, each of which is one. */
  readonly error: ExponentialHistogram | undefined;
}

/** Reduces what feedback said over a block to what may be known of it. */
export function publishFeedback(
  tally: FeedbackTally,
  { from, to }: { readonly from: number; readonly to: number },
): FeedbackBlock {
  const { model, version, error } = tally;
  return {
    ...{ model, version, from, to },
    confusion: publishConfusion(tally),
    ranges: publishCalibration(tally),
    error: publishError(error),
  };
}

function publishError(error: ExponentialHistogram | undefined): ExponentialHistogram | undefined {
  if (error === undefined || error.count < MIN_HOLDERS) return undefined;
  return { ...error, min: undefined, max: undefined };
}

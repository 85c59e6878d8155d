import type { AccuracyAnswer } from "@selvedge/protocol";
import { formatNumber } from "../format/format-number.ts";

type VersionAccuracy = AccuracyAnswer["versions"][number];

/** What is known of versions beyond right and wrong. */
export interface AccuracyDetails<Row> {
  /** The first version whose calibration is known. */
  readonly calibrated: Row | undefined;
  /** The first version of which is known what was taken for what. */
  readonly confused: Row | undefined;
  /** Whether anything was judged of a version that has days: a model of values takes nothing for anything. */
  readonly isJudged: boolean;
}

/**
 * Looks out what is known of versions beyond right and wrong, each of days of its own.
 *
 * @param rows the newest first
 * @returns `undefined` before any version has days
 */
export function accuracyDetails<Row extends VersionAccuracy>(
  rows: readonly Row[],
): AccuracyDetails<Row> | undefined {
  const told = rows.filter(({ days }) => days.confusion !== null);
  if (told.length === 0) return undefined;
  return {
    calibrated: told.find(({ calibration }) => calibration.length > 0),
    confused: told.find(({ confusion }) => confusion.length > 0),
    isJudged: told.some(({ judged }) => judged > 0),
  };
}

/** How far values were off, `p50 / p95`: a dash for what too few values tell. */
export function formatErrors(error: VersionAccuracy["error"]): string {
  if (error === null) return "–";
  return `${formatNumber(error.p50)} / ${error.p95 === null ? "–" : formatNumber(error.p95)}`;
}

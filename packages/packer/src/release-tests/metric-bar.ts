import { type MeasuredMetric, SelvedgeError } from "@selvedge/protocol";
import { isHigherBetter, METRIC_NAMES, METRICS, type MetricName } from "./metrics.ts";

/** A metric to measure, and what it may not fall short of. Without `min` and `max` it is only measured. */
export interface MetricBar {
  readonly metric: MetricName;
  /** The least it may be, where higher is better; of error rates, the least that 1 − rate may be. */
  readonly min?: number | undefined;
  /** The most it may be, where lower is better. */
  readonly max?: number | undefined;
}

/** A bar in the metric's own direction: a `min` where higher is better, a `max` where lower is. */
export interface CheckedBar extends MeasuredMetric {
  readonly metric: MetricName;
}

/** Written and compared to as many digits: what is recorded is what was judged. */
const DIGITS = 6;

/**
 * Checks that bars make sense.
 *
 * @throws SelvedgeError `options-invalid`, saying what to write instead.
 */
export function checkBars(bars: readonly MetricBar[]): CheckedBar[] {
  if (bars.length === 0)
    throw invalid(
      `An evaluation set was given, and no metric. Name one with --metric: ${METRIC_NAMES.join(", ")}`,
    );
  const seen = new Set<string>();
  return bars.map((bar) => {
    const { metric } = bar;
    if (!METRIC_NAMES.includes(metric))
      throw invalid(
        `There is no metric "${metric}". Use ${METRIC_NAMES.slice(0, -1).join(", ")} or ${METRIC_NAMES.at(-1)}`,
      );
    if (seen.has(metric)) throw invalid(`The metric ${metric} comes twice. Name it once`);
    seen.add(metric);
    return checkBar(bar);
  });
}

/** Whether a value, rounded by `rounded`, is good enough. */
export function meets({ min, max }: CheckedBar, value: number): boolean {
  return (min === undefined || value >= min) && (max === undefined || value <= max);
}

/** A hundredth: how far a value may be from what was recorded, for another machine to call it the same. */
const SPREAD = 0.01;

/** Whether a value is what was recorded, as far as machines round alike. */
export function isAsRecorded({ metric }: CheckedBar, value: number, recorded: number): boolean {
  const { scale } = METRICS[metric];
  const unit = scale === "error" ? Math.abs(recorded) : 1;
  return Math.abs(value - recorded) <= SPREAD * unit;
}

/** A measured value as it is recorded and compared. */
export function rounded(value: number): number {
  return Number(value.toPrecision(DIGITS));
}

/** A value as people know it: `0.03 (score 0.97)` of an error rate, `0.97` of all else. */
export function describeValue(metric: MetricName, value: number): string {
  return METRICS[metric].scale === "rate"
    ? `${value} (score ${rounded(1 - value)})`
    : String(value);
}

function checkBar({ metric, min, max }: MetricBar): CheckedBar {
  const { scale } = METRICS[metric];
  if (min === undefined && max === undefined) return { metric };
  if (min !== undefined && max !== undefined)
    throw invalid(`${metric} has both --min and --max. Give one of them`);
  if (max !== undefined && isHigherBetter(METRICS[metric]))
    throw invalid(`The higher ${metric} is, the better. Give --min instead of --max ${max}`);
  if (min !== undefined && scale === "error")
    throw invalid(`The lower ${metric} is, the better. Give --max instead of --min ${min}`);
  const bar = min ?? max;
  if (bar === undefined || !Number.isFinite(bar))
    throw invalid(`${metric}: ${bar} is no bar. Give a number`);
  switch (scale) {
    case "share":
      if (bar <= 0 || bar > 1) throw outOfRange(metric, "--min", bar, "above 0 and up to 1");
      return { metric, min: bar };
    case "similarity":
      return { metric, min: bar };
    case "error":
      if (bar < 0) throw outOfRange(metric, "--max", bar, "from 0");
      return { metric, max: bar };
    case "rate":
      if (min !== undefined && (bar <= 0 || bar > 1))
        throw outOfRange(metric, "--min", bar, `above 0 and up to 1: it is for 1 − ${metric}`);
      if (max !== undefined && (bar < 0 || bar >= 1))
        throw outOfRange(metric, "--max", bar, "from 0 and below 1");
      return { metric, max: max ?? rounded(1 - bar) };
  }
}

function outOfRange(metric: string, flag: string, bar: number, range: string): SelvedgeError {
  return invalid(`${flag} ${bar} for ${metric} has to be ${range}`);
}

function invalid(what: string): SelvedgeError {
  return new SelvedgeError("options-invalid", `${what}.`);
}

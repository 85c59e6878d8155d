/** A stretch of time up to now, cut into steps. */
export interface TimeRange {
  readonly key: string;
  /** On the button. */
  readonly label: string;
  /** In a sentence: "in the last …". */
  readonly name: string;
  readonly durationMs: number;
  readonly stepMs: number;
  readonly refreshMs: number;
}

export interface TimeWindow {
  readonly from: number;
  readonly to: number;
  readonly stepMs: number;
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

export const DEFAULT_RANGE: TimeRange = {
  key: "1h",
  label: "1 h",
  name: "hour",
  durationMs: HOUR,
  stepMs: MINUTE,
  refreshMs: 5 * SECOND,
};

/** The choices, shortest first: 60 to 84 steps each, so that a bar is a few pixels on a phone. */
export const TIME_RANGES: readonly TimeRange[] = [
  {
    key: "15m",
    label: "15 min",
    name: "15 minutes",
    durationMs: 15 * MINUTE,
    stepMs: 15 * SECOND,
    refreshMs: 5 * SECOND,
  },
  DEFAULT_RANGE,
  {
    key: "6h",
    label: "6 h",
    name: "6 hours",
    durationMs: 6 * HOUR,
    stepMs: 5 * MINUTE,
    refreshMs: 5 * SECOND,
  },
  {
    key: "24h",
    label: "24 h",
    name: "24 hours",
    durationMs: DAY,
    stepMs: 20 * MINUTE,
    refreshMs: 10 * SECOND,
  },
  {
    key: "7d",
    label: "7 d",
    name: "7 days",
    durationMs: 7 * DAY,
    stepMs: 2 * HOUR,
    refreshMs: 15 * SECOND,
  },
];

/** The choices where what is counted is whole days: the first is one of the others too. */
export const DAY_RANGES: readonly TimeRange[] = [
  ...TIME_RANGES.filter(({ key }) => key === "7d"),
  {
    key: "28d",
    label: "4 weeks",
    name: "4 weeks",
    durationMs: 28 * DAY,
    stepMs: 8 * HOUR,
    refreshMs: MINUTE,
  },
  {
    key: "84d",
    label: "12 weeks",
    name: "12 weeks",
    durationMs: 84 * DAY,
    stepMs: DAY,
    refreshMs: MINUTE,
  },
];

/** The window that ends with the step `nowMs` is in: whole steps, so that bars stay put between refreshes. */
export function windowAt(range: TimeRange, nowMs: number): TimeWindow {
  const to = (Math.floor(nowMs / range.stepMs) + 1) * range.stepMs;
  return { from: to - range.durationMs, to, stepMs: range.stepMs };
}

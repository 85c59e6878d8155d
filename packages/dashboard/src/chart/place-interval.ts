/** A value that is known within bounds. */
export interface Interval {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** Where an interval lies on an axis, in percent of its width. */
export interface PlacedInterval extends Interval {
  /** What the axis ends stand for. */
  readonly from: number;
  readonly to: number;
}

const ROOM = 1.2;

/** On an axis with no difference in its middle, wide enough for the whole interval. */
export function placeDifference(interval: Interval): PlacedInterval {
  const reach = ROOM * Math.max(Math.abs(interval.low), Math.abs(interval.high)) || 1;
  return placeInterval(interval, -reach, reach);
}

/** On an axis from one value to another; what lies outside is drawn at its end. */
export function placeInterval(interval: Interval, from: number, to: number): PlacedInterval {
  const at = (value: number): number =>
    Math.min(100, Math.max(0, to > from ? (100 * (value - from)) / (to - from) : 50));
  return { value: at(interval.value), low: at(interval.low), high: at(interval.high), from, to };
}

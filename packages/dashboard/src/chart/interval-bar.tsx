import type { JSX } from "preact";
import type { PlacedInterval } from "./place-interval.ts";

interface IntervalBarProps {
  readonly placed: PlacedInterval;
  /** Where no difference is, in percent of the width; `undefined` where the axis has no such place. */
  readonly zero?: number;
  readonly tone: "good" | "bad" | "plain";
}

/** A dot for the value on a bar for its confidence interval. The numbers stand beside it. */
export function IntervalBar({ placed, zero, tone }: IntervalBarProps): JSX.Element {
  const { value, low, high } = placed;
  return (
    <div class="interval" data-tone={tone} aria-hidden="true">
      {zero !== undefined && <span class="interval-zero" style={{ left: `${zero}%` }} />}
      <span class="interval-range" style={{ left: `${low}%`, width: `${high - low}%` }} />
      <span class="interval-dot" style={{ left: `${value}%` }} />
    </div>
  );
}

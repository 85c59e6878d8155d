import type { Quantiles } from "@selvedge/protocol";
import type { JSX } from "preact";

interface QuantileBarProps {
  readonly quantiles: Quantiles;
  /** What the bar's full width stands for, in milliseconds: one value for all bars of a table. */
  readonly scaleMs: number;
  readonly slot: number | undefined;
}

/** From p50, a dot, past p95, a tick, to p99. The numbers stand beside it. */
export function QuantileBar({ quantiles, scaleMs, slot }: QuantileBarProps): JSX.Element {
  const { p50, p95, p99 } = quantiles;
  const at = (ms: number): string => `${Math.min(100, scaleMs > 0 ? (100 * ms) / scaleMs : 0)}%`;
  const color = `var(--series-${slot ?? "rest"})`;
  return (
    <div class="quantile-bar" aria-hidden="true" style={{ "--color": color }}>
      <span class="quantile-range" style={{ left: at(p50), right: `calc(100% - ${at(p99)})` }} />
      <span class="quantile-tick" style={{ left: at(p95) }} />
      <span class="quantile-dot" style={{ left: at(p50) }} />
    </div>
  );
}

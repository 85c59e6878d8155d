import type { JSX } from "preact";
import { sparklinePath } from "./sparkline-path.ts";

interface SparklineProps {
  readonly values: readonly number[];
  readonly slot: number | undefined;
}

/** The shape of a series in a row of a table, whose numbers say the same in words. */
export function Sparkline({ values, slot }: SparklineProps): JSX.Element {
  return (
    <svg class="sparkline" viewBox="0 0 100 24" preserveAspectRatio="none" aria-hidden="true">
      <path
        d={sparklinePath(values, 100, 24)}
        style={{ stroke: `var(--series-${slot ?? "rest"})` }}
      />
    </svg>
  );
}

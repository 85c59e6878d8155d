import type { JSX } from "preact";

interface SwatchProps {
  /** `undefined`: the grey of what has no colour of its own. */
  readonly slot: number | undefined;
  /** As in the chart: 0 is solid. */
  readonly dash?: number;
  readonly shape: "block" | "line";
}

const DASHES = ["", "6 3", "2 2.5", "8 2 2 2"];

/** The colour, and the dash, by which a chart shows a series. */
export function Swatch({ slot, dash = 0, shape }: SwatchProps): JSX.Element {
  const color = `var(--series-${slot ?? "rest"})`;
  if (shape === "block") return <span class="swatch" style={{ background: color }} />;
  return (
    <svg class="swatch-line" viewBox="0 0 18 4" aria-hidden="true">
      <line
        x2="18"
        y1="2"
        y2="2"
        style={{ stroke: color }}
        stroke-dasharray={DASHES[dash % DASHES.length]}
      />
    </svg>
  );
}

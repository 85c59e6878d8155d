import type { JSX } from "preact";

const ROWS = ["models", "latency"];

/** The page before its first answer: the same blocks in the same places. */
export function Skeleton(): JSX.Element {
  return (
    <div class="skeleton" role="status">
      <span class="visually-hidden">Loading figures…</span>
      <div class="summary" aria-hidden="true">
        {["a", "b", "c", "d"].map((key) => (
          <div key={key} class="ghost ghost-figure" />
        ))}
      </div>
      <div class="panel" aria-hidden="true">
        <div class="ghost ghost-title" />
        <div class="ghost ghost-chart" />
      </div>
      {ROWS.map((key) => (
        <div key={key} class="panel" aria-hidden="true">
          <div class="ghost ghost-title" />
          <div class="ghost ghost-row" />
          <div class="ghost ghost-row" />
          <div class="ghost ghost-row" />
        </div>
      ))}
    </div>
  );
}

import type { Signal } from "@preact/signals";
import type { ComponentChildren, JSX } from "preact";
import { formatStep } from "../format/format-time.ts";
import type { TimeWindow } from "../time-range.ts";
import { Swatch } from "./swatch.tsx";

interface LegendEntry {
  readonly key: string;
  readonly slot: number | undefined;
  readonly dash: number;
  readonly name: ComponentChildren;
  /** Of a step, or of all of them. */
  readonly value: (step: number | undefined) => string;
}

interface ChartLegendProps {
  readonly entries: readonly LegendEntry[];
  readonly shape: "block" | "line";
  readonly window: TimeWindow;
  readonly cursor: Signal<number | undefined>;
  /** What the values are of while the cursor is away. */
  readonly overall: string;
  readonly hidden: Signal<ReadonlySet<string>>;
}

/** The names and values of a chart's series; each can be taken out of the chart and put back. */
export function ChartLegend(props: ChartLegendProps): JSX.Element {
  const { entries, shape, window, cursor, overall, hidden } = props;
  const step = cursor.value;
  const caption =
    step === undefined ? overall : formatStep(window.from + step * window.stepMs, window.stepMs);
  return (
    <div class="legend">
      <p class="legend-caption">{caption}</p>
      <ul>
        {entries.map(({ key, slot, dash, name, value }) => {
          const isShown = !hidden.value.has(key);
          return (
            <li key={key}>
              <button type="button" aria-pressed={isShown} onClick={() => toggle(hidden, key)}>
                <Swatch slot={slot} dash={dash} shape={shape} />
                <span class="legend-name">{name}</span>
                <span class="legend-value">{value(step)}</span>
              </button>
            </li>
          );
        })}
      </ul>
    </div>
  );
}

function toggle(hidden: Signal<ReadonlySet<string>>, key: string): void {
  const next = new Set(hidden.peek());
  if (!next.delete(key)) next.add(key);
  hidden.value = next;
}

import { type Signal, useSignalEffect } from "@preact/signals";
import type { JSX, TargetedKeyboardEvent } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { formatStep } from "../format/format-time.ts";
import { type ChartPlan, stepMiddles } from "./chart-plan.ts";
import { createPlot, type Plot } from "./plot.ts";

interface ChartProps {
  /** What a screen reader calls it. */
  readonly label: string;
  readonly plan: ChartPlan;
  readonly cursor: Signal<number | undefined>;
  /** What a step holds, in words. */
  readonly describe: (step: number) => string;
  /** Said in its place where nothing is to be drawn. */
  readonly emptyText: string;
}

/** A chart whose cursor also moves by the arrow keys: to assistive technology, a slider over time. */
export function Chart({ label, plan, cursor, describe, emptyText }: ChartProps): JSX.Element {
  const host = useRef<HTMLDivElement>(null);
  const plot = useRef<Plot | undefined>(undefined);

  // Once: the effect after it shows every later plan.
  useEffect(() => {
    if (host.current === null) return;
    const made = createPlot(host.current, plan, (step) => {
      cursor.value = step;
    });
    plot.current = made;
    return () => made.destroy();
  }, []);

  useEffect(() => {
    plot.current?.show(plan);
  }, [plan]);

  useSignalEffect(() => {
    const step = cursor.value;
    plot.current?.pointAt(step);
  });

  const last = stepMiddles(plan.window).length - 1;
  const step = cursor.value;
  const at = step ?? last;
  const { from, stepMs } = plan.window;

  function move(event: TargetedKeyboardEvent<HTMLDivElement>): void {
    const to = {
      ArrowLeft: Math.max(0, step === undefined ? last : step - 1),
      ArrowRight: Math.min(last, step === undefined ? last : step + 1),
      PageUp: Math.max(0, at - 10),
      PageDown: Math.min(last, at + 10),
      Home: 0,
      End: last,
    }[event.key];
    if (to === undefined && event.key !== "Escape") return;
    event.preventDefault();
    cursor.value = to;
  }

  return (
    <div class="chart" data-kind={plan.kind}>
      <div
        class="chart-plot"
        ref={host}
        role="slider"
        tabIndex={0}
        aria-label={`${label}: move through time`}
        aria-orientation="horizontal"
        aria-valuemin={0}
        aria-valuemax={Math.max(0, last)}
        aria-valuenow={Math.max(0, at)}
        aria-valuetext={`${formatStep(from + at * stepMs, stepMs)}: ${describe(at)}`}
        onKeyDown={move}
        onBlur={() => {
          cursor.value = undefined;
        }}
      />
      {plan.series.length === 0 && <p class="chart-empty">{emptyText}</p>}
    </div>
  );
}

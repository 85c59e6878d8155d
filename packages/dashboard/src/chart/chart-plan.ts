import { stackCounts } from "../series/stack-counts.ts";
import type { TimeWindow } from "../time-range.ts";

export interface ChartSeries {
  readonly key: string;
  /** Its colour; `undefined` for the grey. */
  readonly slot: number | undefined;
  /** Tells lines of one colour apart: 0 is solid. */
  readonly dash: number;
  /** One value a step; `null` where there is none. */
  readonly values: readonly (number | null)[];
}

/** What a chart is to show. */
export interface ChartPlan {
  /** Bars stand on one another; lines do not. */
  readonly kind: "bars" | "lines";
  readonly window: TimeWindow;
  readonly series: readonly ChartSeries[];
  readonly formatTick: (value: number) => string;
}

/** The middle of each step, in milliseconds: the point nearest the cursor is then its step. */
export function stepMiddles({ from, to, stepMs }: TimeWindow): number[] {
  const count = Math.max(0, Math.round((to - from) / stepMs));
  return Array.from({ length: count }, (_, step) => from + (step + 0.5) * stepMs);
}

/** The series in the order they are painted: of a stack the tallest first, so that each covers the one before. */
export function paintOrder({ kind, series }: ChartPlan): readonly ChartSeries[] {
  return kind === "bars" ? series.toReversed() : series;
}

/** The rows of numbers that are drawn, in {@link paintOrder}, each as long as the window has steps. */
export function paintRows(plan: ChartPlan): (number | null)[][] {
  const { length } = stepMiddles(plan.window);
  const rows = plan.series.map(({ values }) =>
    Array.from({ length }, (_, step) => values[step] ?? null),
  );
  return plan.kind === "bars" ? stackCounts(rows).toReversed() : rows;
}

/** Whether a change needs new lines or bars, or only new numbers. */
export function hasSameSeries(a: ChartPlan, b: ChartPlan): boolean {
  const shape = ({ kind, series }: ChartPlan): string =>
    JSON.stringify([kind, series.map(({ key, slot, dash }) => [key, slot, dash])]);
  return shape(a) === shape(b);
}

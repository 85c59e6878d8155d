import uPlot from "uplot";
import { formatTimeTick } from "../format/format-time.ts";
import { type ChartPlan, type ChartSeries, paintOrder } from "./chart-plan.ts";
import { type ChartTheme, slotColor } from "./chart-theme.ts";

const DASHES: readonly number[][] = [[], [6, 4], [2, 3], [10, 3, 2, 3]];
const Y_AXIS_PX = 52;
const WHOLE_INCREMENTS = [1, 2, 5].flatMap((digit) =>
  Array.from({ length: 12 }, (_, power) => digit * 10 ** power),
);

// The page moves the cursor, from pointer and keys alike: uPlot only draws it.
const ignore = (): null => null;
const UNBOUND: uPlot.Cursor.Bind = {
  mousedown: ignore,
  mouseup: ignore,
  click: ignore,
  dblclick: ignore,
  mousemove: ignore,
  mouseleave: ignore,
  mouseenter: ignore,
};

export interface PlotSources {
  /** Asked anew at each drawing, so that theme and window may change under a living plot. */
  readonly theme: () => ChartTheme;
  readonly plan: () => ChartPlan;
}

/** What uPlot needs to know to draw a plan at a size. */
export function plotOptions(
  sources: PlotSources,
  size: { readonly width: number; readonly height: number },
): uPlot.Options {
  const { theme, plan } = sources;
  const { kind } = plan();
  const isBars = kind === "bars";
  const axis: uPlot.Axis = {
    stroke: () => theme().text,
    font: theme().font,
    grid: { stroke: () => theme().grid, width: 1 },
    ticks: { show: false },
    gap: 6,
  };
  return {
    ...size,
    ms: 1,
    padding: [8, 22, 0, 0],
    legend: { show: false },
    scales: {
      x: { time: true, range: () => [plan().window.from, plan().window.to] },
      y: { range: (_, __, max) => [0, max > 0 ? uPlot.rangeNum(0, max, 0.08, true)[1] : 1] },
    },
    axes: [
      {
        ...axis,
        grid: { show: false },
        ticks: { show: true, size: 4, width: 1, stroke: () => theme().grid },
        gap: 4,
        size: 28,
        space: 64,
        values: (_, splits) => splits.map(formatTimeTick),
      },
      {
        ...axis,
        size: Y_AXIS_PX,
        space: 36,
        ...(isBars ? { incrs: WHOLE_INCREMENTS.toSorted((a, b) => a - b) } : {}),
        values: (_, splits) => splits.map(plan().formatTick),
      },
    ],
    series: [{}, ...paintOrder(plan()).map((one) => seriesOptions(one, isBars, theme))],
    cursor: {
      y: false,
      drag: { x: false, y: false },
      points: isBars ? { show: false } : { size: 7 },
      bind: UNBOUND,
    },
  };
}

function seriesOptions(
  { slot, dash }: ChartSeries,
  isBars: boolean,
  theme: () => ChartTheme,
): uPlot.Series {
  const color = (): string => slotColor(theme(), slot);
  const bars = isBars ? uPlot.paths.bars?.({ size: [0.86, 28], gap: 0 }) : undefined;
  if (bars !== undefined) {
    return {
      paths: bars,
      fill: color,
      stroke: () => theme().surface,
      width: 0,
      points: { show: false },
    };
  }
  return {
    stroke: color,
    width: 1.75,
    dash: [...(DASHES[dash % DASHES.length] ?? [])],
    points: { show: true, size: 5, width: 0, fill: color, filter: lonelyPoints },
  };
}

/** A measurement without a neighbour has no line to be seen by. */
function lonelyPoints(self: uPlot, seriesIndex: number): number[] {
  const values = self.data[seriesIndex] ?? [];
  return Array.from(values, (value, step) =>
    value != null && values[step - 1] == null && values[step + 1] == null ? step : -1,
  ).filter((step) => step >= 0);
}

import uPlot from "uplot";
import { type ChartPlan, hasSameSeries, paintRows, stepMiddles } from "./chart-plan.ts";
import { readChartTheme } from "./chart-theme.ts";
import { plotOptions } from "./plot-options.ts";

/** A chart in the page. */
export interface Plot {
  show(plan: ChartPlan): void;
  /** Puts the cursor on a step, or takes it away. */
  pointAt(step: number | undefined): void;
  destroy(): void;
}

/** Draws a plan into an element, and again whenever the element's size or the colour scheme changes. */
export function createPlot(
  host: HTMLElement,
  first: ChartPlan,
  onPoint: (step: number | undefined) => void,
): Plot {
  let plan = first;
  let theme = readChartTheme(host);
  let pointed: number | undefined;
  let chart: uPlot | undefined;

  const rows = (): uPlot.AlignedData => [stepMiddles(plan.window), ...paintRows(plan)];

  function build(): void {
    chart?.destroy();
    chart = undefined;
    const { clientWidth: width, clientHeight: height } = host;
    if (width === 0) return;
    const built = new uPlot(
      plotOptions({ theme: () => theme, plan: () => plan }, { width, height }),
      rows(),
      host,
    );
    const { over } = built;
    const point = (event: PointerEvent): void => {
      onPoint(built.posToIdx(event.clientX - over.getBoundingClientRect().left));
    };
    over.addEventListener("pointerdown", point);
    over.addEventListener("pointermove", point);
    over.addEventListener("pointerleave", () => onPoint(undefined));
    chart = built;
    settle();
  }

  /** uPlot applies data and size in a microtask of its own: only after it are positions right. */
  function settle(): void {
    queueMicrotask(() => {
      if (chart === undefined) return;
      const steps = Math.max(1, chart.data[0].length);
      host.style.setProperty("--step-px", `${chart.over.clientWidth / steps}px`);
      point();
    });
  }

  function point(): void {
    if (chart === undefined) return;
    const time = pointed === undefined ? undefined : chart.data[0][pointed];
    chart.setCursor(
      time === undefined ? { left: -10, top: -10 } : { left: chart.valToPos(time, "x"), top: 0 },
    );
  }

  const resized = new ResizeObserver(() => {
    if (chart === undefined) return build();
    const { clientWidth: width, clientHeight: height } = host;
    if (width === 0 || (width === chart.width && height === chart.height)) return;
    chart.setSize({ width, height });
    settle();
  });
  resized.observe(host);

  const scheme = matchMedia("(prefers-color-scheme: dark)");
  const onScheme = (): void => {
    theme = readChartTheme(host);
    chart?.redraw();
  };
  scheme.addEventListener("change", onScheme);

  build();

  return {
    show(next) {
      const isSame = hasSameSeries(plan, next);
      plan = next;
      if (!isSame || chart === undefined) return build();
      chart.setData(rows());
      settle();
    },
    pointAt(step) {
      pointed = step;
      point();
    },
    destroy() {
      resized.disconnect();
      scheme.removeEventListener("change", onScheme);
      chart?.destroy();
      chart = undefined;
    },
  };
}

import { SLOT_COUNT } from "../series/assign-slots.ts";

/** The page's design tokens, as a canvas needs them. */
export interface ChartTheme {
  readonly font: string;
  readonly text: string;
  readonly grid: string;
  readonly surface: string;
  readonly slots: readonly string[];
  readonly rest: string;
}

export function readChartTheme(element: Element): ChartTheme {
  const style = getComputedStyle(element);
  const token = (name: string): string => style.getPropertyValue(name).trim();
  return {
    font: `11px ${token("--font")}`,
    text: token("--ink-faint"),
    grid: token("--line"),
    surface: token("--surface"),
    slots: Array.from({ length: SLOT_COUNT }, (_, slot) => token(`--series-${slot}`)),
    rest: token("--series-rest"),
  };
}

export function slotColor(theme: ChartTheme, slot: number | undefined): string {
  return (slot === undefined ? undefined : theme.slots[slot]) ?? theme.rest;
}

import { DAY_RANGES, DEFAULT_RANGE, TIME_RANGES, type TimeRange } from "../time-range.ts";

/** The dashboard's pages, in the order they are offered. */
export const PAGES = [
  "fleet",
  "model",
  "compare",
  "drift",
  "failures",
  "prediction",
  "alerts",
] as const;

export type Page = (typeof PAGES)[number];

export type Baseline = "reference" | "previous";

/** What the health of a model is told apart by. */
export const HEALTH_SPLITS = ["browser", "device", "version", "backend"] as const;

export type HealthSplit = (typeof HEALTH_SPLITS)[number];

/** What the person looking has chosen to see; what is `undefined` is left to the page. */
export interface View {
  readonly page: Page;
  readonly range: TimeRange;
  readonly model: string | undefined;
  readonly version: string | undefined;
  /** Two versions to compare. */
  readonly a: string | undefined;
  readonly b: string | undefined;
  /** What drift is measured against. */
  readonly baseline: Baseline;
  /** What health is told apart by. */
  readonly healthBy: HealthSplit;
  /** The id of a prediction. */
  readonly prediction: string | undefined;
}

/** What is chosen of a page, other than its default. */
type Choice = Partial<Omit<View, "page">>;

const DEFAULT_SPLIT: HealthSplit = "browser";

const FILTERS = ["model", "version", "a", "b"] as const;

/** Which filters a page has: others are not carried into it. */
const FILTERS_OF: Readonly<Record<Page, readonly (typeof FILTERS)[number][]>> = {
  fleet: [],
  model: ["model", "version"],
  compare: ["model", "a", "b"],
  drift: ["model", "version"],
  failures: ["model"],
  prediction: [],
  alerts: ["model"],
};

/** A page with some choices made, and nothing that it does not know. */
export function viewOf(page: Page, choice: Choice = {}): View {
  const keep = (name: (typeof FILTERS)[number]): string | undefined =>
    FILTERS_OF[page].includes(name) ? choice[name] || undefined : undefined;
  return {
    page,
    range: rangesOf(page).find(({ key }) => key === choice.range?.key) ?? defaultRange(page),
    model: keep("model"),
    version: keep("version"),
    a: keep("a"),
    b: keep("b"),
    baseline: page === "drift" ? (choice.baseline ?? "reference") : "reference",
    healthBy: page === "model" ? (choice.healthBy ?? DEFAULT_SPLIT) : DEFAULT_SPLIT,
    prediction: page === "prediction" ? choice.prediction || undefined : undefined,
  };
}

/** The time ranges that a page has a choice of: drift is counted by whole days. */
export function rangesOf(page: Page): readonly TimeRange[] {
  return page === "drift" ? DAY_RANGES : TIME_RANGES;
}

function defaultRange(page: Page): TimeRange {
  return (page === "drift" ? DAY_RANGES[0] : undefined) ?? DEFAULT_RANGE;
}

/** Reads a URL's query; what it cannot read it takes for the default. */
export function parseView(query: string): View {
  const params = new URLSearchParams(query);
  const text = (name: string): string | undefined => params.get(name) || undefined;
  const model = text("model");
  const page =
    PAGES.find((each) => each === params.get("view")) ?? (model === undefined ? "fleet" : "model");
  const range = rangesOf(page).find(({ key }) => key === params.get("range"));
  return viewOf(page, {
    model,
    version: text("version"),
    a: text("a"),
    b: text("b"),
    prediction: text("id"),
    baseline: params.get("baseline") === "previous" ? "previous" : "reference",
    healthBy: HEALTH_SPLITS.find((each) => each === params.get("health-by")) ?? DEFAULT_SPLIT,
    ...(range === undefined ? {} : { range }),
  });
}

/** Writes what {@link parseView} reads; page and range always, so that a shared link means the same later. */
export function formatView(view: View): string {
  const params = new URLSearchParams({ view: view.page, range: view.range.key });
  for (const name of FILTERS) {
    const value = view[name];
    if (value !== undefined) params.set(name, value);
  }
  if (view.baseline !== "reference") params.set("baseline", view.baseline);
  if (view.healthBy !== DEFAULT_SPLIT) params.set("health-by", view.healthBy);
  if (view.prediction !== undefined) params.set("id", view.prediction);
  return `?${params}`;
}

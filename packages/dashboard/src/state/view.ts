import { DEFAULT_RANGE, TIME_RANGES, type TimeRange } from "../time-range.ts";

/** What the person looking has chosen to see. */
export interface View {
  readonly range: TimeRange;
  /** `undefined`: all models. */
  readonly model: string | undefined;
}

/** Reads a URL's query; what it cannot read it takes for the default. */
export function parseView(query: string): View {
  const params = new URLSearchParams(query);
  const key = params.get("range");
  return {
    range: TIME_RANGES.find((range) => range.key === key) ?? DEFAULT_RANGE,
    model: params.get("model") || undefined,
  };
}

/** Writes what {@link parseView} reads; the range always, so that a shared link means the same later. */
export function formatView({ range, model }: View): string {
  const params = new URLSearchParams({ range: range.key });
  if (model !== undefined) params.set("model", model);
  return `?${params}`;
}

import type { ReferenceFeature } from "@selvedge/protocol";

/** More categories than this in a group are counted instead of named. */
const MOST_NAMED = 3;

/** What to call a group of bins: `(40.1, 43.2]`, a category's name, `Biscoe or Dream`, `12 categories`. */
export function labelOf(
  { edges = [], categories }: Pick<ReferenceFeature, "edges" | "categories">,
  bins: readonly number[],
): string {
  if (categories !== undefined)
    return bins.length > MOST_NAMED
      ? `${bins.length} categories`
      : bins.map((bin) => categories[bin] ?? "").join(" or ");
  const low = edges[(bins[0] ?? 0) - 1];
  const high = edges[bins.at(-1) ?? 0];
  return `(${low ?? "−∞"}, ${high ?? "∞"}${high === undefined ? ")" : "]"}`;
}

import {
  binOf,
  categoryOf,
  type FeatureValue,
  MAX_BINS,
  type Measure,
  type ReferenceFeature,
} from "@selvedge/protocol";

/** Numbers are split into tenths of the examples. */
const QUANTILES = 10;

/** Edges and ranges are written with as many digits: a reference tells of examples, and repeats none. */
const DIGITS = 6;

/** A text that comes more seldom names no category: it would stand in the manifest for all to read. */
const LEAST_MENTIONS = 5;

/** The longest text that names a category. */
const LONGEST_CATEGORY = 64;

type Bins = Pick<ReferenceFeature, "edges" | "range" | "categories">;

/** Splits the values of a feature into bins, and counts what falls into each. */
export function binned(
  values: readonly FeatureValue[],
  bins: Bins,
): Pick<ReferenceFeature, "counts" | "missing" | "unseen"> {
  const counts = new Array<number>(bins.categories?.length ?? (bins.edges ?? []).length + 1).fill(
    0,
  );
  let [missing, unseen] = [0, 0];
  for (const value of values) {
    const { bin, irregularity } = binOf(bins, value);
    if (bin !== undefined) counts[bin] = (counts[bin] ?? 0) + 1;
    else if (irregularity === "unseen") unseen++;
    else missing++;
  }
  return { counts, missing, ...(unseen === 0 ? {} : { unseen }) };
}

/**
 * Edges between numbers: deciles of the examples, or, where there are no more than ten different
 * numbers, a bin for each.
 */
export function numberBins(values: readonly FeatureValue[]): Bins {
  const numbers = Float64Array.from(values, (value) =>
    value === null ? Number.NaN : Number(value),
  )
    .filter(Number.isFinite)
    .sort();
  const [min = 0, max = 0] = [numbers[0], numbers.at(-1)];
  const distinct = distinctUpTo(numbers, QUANTILES + 1);
  const edges =
    distinct.length <= QUANTILES
      ? distinct.slice(0, -1)
      : Array.from({ length: QUANTILES - 1 }, (_, i) => decile(numbers, i + 1));
  const rounded = edges.map(round).filter((edge) => edge < max);
  return {
    edges: [...new Set(rounded)],
    range: [roundAway(min, -1), roundAway(max, 1)],
  };
}

/**
 * The categories of a feature: of scores every class, or the most frequent ones where there are too
 * many; otherwise every value there is.
 *
 * @param classes how many classes there are, of scores
 * @returns `undefined` where values are too many, or too seldom, to be categories
 */
export function categoryBins(
  values: readonly FeatureValue[],
  measure: Measure,
  classes: number,
): Bins | undefined {
  if (measure === "class" && classes <= MAX_BINS)
    return { categories: Array.from({ length: classes }, (_, index) => String(index)) };
  const mentions = new Map<string, number>();
  for (const value of values) {
    if (value === null || value === "") continue;
    const category = categoryOf(value);
    mentions.set(category, (mentions.get(category) ?? 0) + 1);
    if (measure === "category" && mentions.size > MAX_BINS) return undefined;
  }
  const isText = values.some((value) => typeof value === "string");
  if (measure === "category" && isText)
    for (const [category, count] of mentions)
      if (count < LEAST_MENTIONS || category.length > LONGEST_CATEGORY) return undefined;
  const frequent = [...mentions]
    .sort(([a, m], [b, n]) => n - m || compare(a, b))
    .slice(0, MAX_BINS)
    .map(([category]) => category)
    .sort(compare);
  return frequent.length === 0 ? undefined : { categories: frequent };
}

function decile(sorted: Float64Array, tenth: number): number {
  return sorted[Math.ceil((tenth * sorted.length) / QUANTILES) - 1] ?? 0;
}

function distinctUpTo(sorted: Float64Array, most: number): number[] {
  const distinct: number[] = [];
  for (const value of sorted) {
    if (value === distinct.at(-1)) continue;
    distinct.push(value);
    if (distinct.length === most) break;
  }
  return distinct;
}

function round(value: number): number {
  return Number(value.toPrecision(DIGITS));
}

/** Rounds an end of the range outward, so that what it was taken from lies within. */
function roundAway(value: number, outward: -1 | 1): number {
  const rounded = round(value);
  if ((rounded - value) * outward >= 0) return rounded;
  const unit = 10 ** (Math.floor(Math.log10(Math.abs(value))) - DIGITS + 1);
  const away = round(rounded + outward * unit);
  return Number.isFinite(away) && (away - value) * outward >= 0 ? away : value;
}

/** Numbers by their size, texts by their characters, whatever the machine's language is. */
function compare(a: string, b: string): number {
  const difference = Number(a) - Number(b);
  if (difference !== 0 && !Number.isNaN(difference)) return difference;
  return a < b ? -1 : Number(a > b);
}

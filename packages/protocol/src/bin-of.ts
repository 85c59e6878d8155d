import type { ReferenceFeature } from "./reference.ts";
import type { Irregularity } from "./telemetry-names.ts";

/** A value as features have them; `null` stands for one that is not there. */
export type FeatureValue = number | bigint | string | boolean | null;

/** Where a value of a feature is counted. */
export interface Binned {
  /** `undefined` where no bin is for it. */
  readonly bin: number | undefined;
  /** A value out of range lies in the first or last bin besides. */
  readonly irregularity: Irregularity | undefined;
}

/**
 * Finds the bin of a value. NaN, `null` and the empty text are missing, and where a number belongs any
 * text that is none. Numbers always have a bin; what
 * lies outside the reference's range is out of range too. A category that the reference does not know is
 * unseen.
 */
export function binOf(
  { edges, range, categories }: Pick<ReferenceFeature, "edges" | "range" | "categories">,
  value: FeatureValue,
): Binned {
  if (value === null || value === "" || Number.isNaN(value)) return irregular("missing");
  if (categories !== undefined) {
    const bin = categories.indexOf(categoryOf(value));
    return bin === -1 ? irregular("unseen") : { bin, irregularity: undefined };
  }
  const number = Number(value);
  if (Number.isNaN(number)) return irregular("missing");
  const [min, max] = range ?? [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  return {
    bin: binOfNumber(edges ?? [], number),
    irregularity: number < min || number > max ? "out-of-range" : undefined,
  };
}

/** A value as categories are written: numbers by their digits, booleans as 0 and 1. */
export function categoryOf(value: Exclude<FeatureValue, null>): string {
  return String(typeof value === "boolean" ? Number(value) : value);
}

/** How many bins a feature has. */
export function binCount({
  edges = [],
  categories,
}: Pick<ReferenceFeature, "edges" | "categories">): number {
  return categories?.length ?? edges.length + 1;
}

/**
 * The bounds between a feature's bins, as a histogram of OTLP has them: of numbers the edges, of
 * categories 0.5, 1.5, … between their places.
 */
export function boundsOf({
  edges = [],
  categories,
}: Pick<ReferenceFeature, "edges" | "categories">): readonly number[] {
  return categories?.slice(1).map((_, place) => place + 0.5) ?? edges;
}

/**
 * How many answers a feature has to the question where a value of it is: its bins, then missing, and of
 * categories unseen.
 */
export function answerCount(feature: Pick<ReferenceFeature, "edges" | "categories">): number {
  return binCount(feature) + (feature.categories === undefined ? 1 : 2);
}

/** Which of those answers holds for a value. */
export function answerOf(feature: ReferenceFeature, { bin, irregularity }: Binned): number {
  return bin ?? binCount(feature) + (irregularity === "unseen" ? 1 : 0);
}

/** A feature's own values by answer: what it is that drift is measured against. */
export function answersOf(feature: ReferenceFeature): readonly number[] {
  const { counts, missing, unseen = 0, categories } = feature;
  return [...counts, missing, ...(categories === undefined ? [] : [unseen])];
}

function irregular(irregularity: Irregularity): Binned {
  return { bin: undefined, irregularity };
}

/** Bin `i` holds `(edges[i-1], edges[i]]`: the first edge that the value does not pass. */
function binOfNumber(edges: readonly number[], value: number): number {
  let [low, high] = [0, edges.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (value <= (edges[middle] ?? Number.POSITIVE_INFINITY)) high = middle;
    else low = middle + 1;
  }
  return low;
}

import {
  ATTRIBUTES,
  DISTRIBUTION,
  IRREGULARITIES,
  type Irregularity,
  type OtlpHistogramPoint,
} from "@selvedge/protocol";
import type { Labels } from "../store/store.ts";
import type { DecodedAttributes } from "./decode-attributes.ts";
import { toCount, toFinite, type Untrusted } from "./read-fields.ts";
import { Refusal } from "./refusals.ts";

const MAX_BOUNDS = 256;
const MAX_CONTRIBUTOR_CHARS = 64;

/** The most one device can have counted since its last point. */
const MAX_COUNT = 1_000_000_000;

/** What `decodeAttributes` has to take for `readFeature`. */
export const DISTRIBUTION_KEYS: ReadonlySet<string> = new Set(Object.values(DISTRIBUTION));

/** Whose values of what a point counts. */
export interface Feature {
  readonly feature: string;
  readonly contributor: string;
  readonly epsilon: number | undefined;
}

/**
 * Reads which feature of which model a point is of, and who contributes it.
 *
 * @throws Refusal where it lacks one of them, or its ε is no number above zero.
 */
export function readFeature({ labels, taken }: DecodedAttributes): Feature {
  const feature = taken[DISTRIBUTION.feature];
  const contributor = taken[DISTRIBUTION.contributor];
  const epsilon = taken[DISTRIBUTION.epsilon];
  if (labels.model === undefined || labels.version === undefined)
    throw new Refusal(`a distribution lacks ${ATTRIBUTES.model} or ${ATTRIBUTES.version}`);
  if (typeof feature !== "string" || feature === "")
    throw new Refusal(`a distribution lacks ${DISTRIBUTION.feature}`);
  if (
    typeof contributor !== "string" ||
    contributor === "" ||
    contributor.length > MAX_CONTRIBUTOR_CHARS
  )
    throw new Refusal(`a distribution's ${DISTRIBUTION.contributor} is no id`);
  if (epsilon !== undefined && (typeof epsilon !== "number" || epsilon <= 0))
    throw new Refusal(`a distribution's ${DISTRIBUTION.epsilon} is no number above zero`);
  return { feature, contributor, epsilon };
}

/**
 * Reads a point's counts between bounds.
 *
 * @throws Refusal where bounds do not ascend, counts are none, do not fit the bounds, or do not add up.
 */
export function decodeBins(point: Untrusted<OtlpHistogramPoint>): {
  readonly bounds: readonly number[];
  readonly counts: readonly number[];
} {
  const bounds = boundsOf(point.explicitBounds);
  const counts = countsOf(point.bucketCounts);
  if (counts.length !== bounds.length + 1)
    throw new Refusal("its bucket counts are not one more than its bounds");
  let total = 0;
  for (const count of counts) total += count;
  if (toCount(point.count ?? 0, Number.MAX_SAFE_INTEGER) !== total)
    throw new Refusal("its count is not the sum of its buckets");
  return { bounds, counts };
}

/** @throws Refusal where the reason is none that a value can be irregular for. */
export function readIrregularity({ reason }: Labels): Irregularity {
  const known = IRREGULARITIES.find((irregularity) => irregularity === reason);
  if (known === undefined)
    throw new Refusal(`its ${ATTRIBUTES.reason} is none of ${IRREGULARITIES.join(", ")}`);
  return known;
}

function boundsOf(value: unknown): readonly number[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value) || value.length > MAX_BOUNDS)
    throw new Refusal(`its bounds are no list of at most ${MAX_BOUNDS}`);
  let previous = Number.NEGATIVE_INFINITY;
  for (const bound of value as readonly unknown[]) {
    const finite = toFinite(bound);
    if (finite === undefined || finite <= previous)
      throw new Refusal("its bounds are no numbers that ascend");
    previous = finite;
  }
  return value as number[];
}

function countsOf(value: unknown): number[] {
  if (!Array.isArray(value) || value.length > MAX_BOUNDS + 1)
    throw new Refusal(`its bucket counts are no list of at most ${MAX_BOUNDS + 1}`);
  return value.map((one: unknown) => {
    const count = toCount(one, MAX_COUNT);
    if (count === undefined) throw new Refusal(`a count is not from 0 to ${MAX_COUNT}`);
    return count;
  });
}

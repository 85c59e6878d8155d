import {
  type DriftSample,
  debias,
  driftVerdict,
  effectiveSize,
  type FeatureDrift,
  type Reference,
  type ReferenceFeature,
} from "@selvedge/protocol";
import { labelOf } from "./bin-labels.ts";
import { type Groups, joinGroups } from "./group-bins.ts";
import { mergeBlocks, type PublishedBlock, publishBlock } from "./published-block.ts";
import { addTallies, type Block } from "./tally.ts";

/** Shares by answer: groups of bins among what has a bin, the others among all. */
interface Shares {
  /** How many sources they are of: of randomised answers, as many as tell as much in the clear. */
  readonly size: number;
  readonly bins: readonly number[];
  readonly missing: number | null;
  readonly unseen: number | null;
}

/**
 * How far a feature has moved. The verdict, which is no more than a word about 500 contributors or more,
 * takes every bin as it is. Every number is computed from published blocks alone, so that nothing can
 * follow from them that may not be known; joining bins never raises a distance, and where some were
 * joined, the distances are lower bounds.
 *
 * @param current one or more, of one ε
 * @param options.against the model's reference, or earlier blocks
 * @param options.features how many features are looked at together
 */
export function compareBlocks(
  feature: ReferenceFeature,
  current: readonly Block[],
  { against, features }: { against: Reference | readonly Block[]; features: number },
): FeatureDrift {
  const isOrdered = feature.categories === undefined;
  const tally = current.map((block) => block.tally).reduce(addTallies);
  const bins = isOrdered ? feature.counts.length : 0;
  const observed = sampleOf(current, isOrdered);
  const baseline =
    "samples" in against ? referenceSample(feature, against) : sampleOf(against, isOrdered);
  const { verdict } = driftVerdict(baseline, observed, { bins, features });
  const shown = publish(current, isOrdered);
  const shownBefore = "samples" in against ? against : publish(against, isOrdered);
  const figures =
    shown === undefined || shownBefore === undefined
      ? { ...NO_FIGURES, bins: [] }
      : figuresOf(feature, shown, shownBefore);
  const isKnown = verdict === "drifting" || verdict === "stable";
  return {
    ...nameOf(feature),
    verdict,
    contributors: tally.contributors,
    ...(isKnown ? figures : { ...figures, ...NO_DISTANCES }),
  };
}

/** A feature of which too little is known. */
export function withoutFigures(feature: ReferenceFeature, contributors: number): FeatureDrift {
  return { ...nameOf(feature), verdict: "too-few", contributors, ...NO_FIGURES, bins: [] };
}

const NO_DISTANCES = { psi: null, jensenShannon: null, kolmogorovSmirnov: null };
const NO_FIGURES = { ...NO_DISTANCES, missing: null, outOfRange: null, unseen: null };

function nameOf({ name, side, measure }: ReferenceFeature) {
  return { feature: name, side, measure };
}

/** All answers, as verdicts are made of them: bins, missing and, of categories, unseen. */
function sampleOf(blocks: readonly Block[], isOrdered: boolean): DriftSample {
  const [first, ...others] = blocks.map((block) => block.tally);
  if (first === undefined) return { counts: [], size: 0 };
  const { shares, irregular, contributors, epsilon } = others.reduce(addTallies, first);
  const { missing, unseen } = irregular;
  const counts = [...shares, missing, ...(isOrdered ? [] : [unseen])];
  return { counts, size: contributors, epsilon };
}

function referenceSample(
  { counts, missing, unseen = 0, categories }: ReferenceFeature,
  { samples }: Reference,
): DriftSample {
  const all = [...counts, missing, ...(categories === undefined ? [] : [unseen])];
  return { counts: all, size: samples };
}

function publish(blocks: readonly Block[], isOrdered: boolean): PublishedBlock | undefined {
  const published = blocks.map((block) => publishBlock(block, isOrdered));
  return published.includes(undefined)
    ? undefined
    : mergeBlocks(published.flatMap((block) => block ?? []));
}

function figuresOf(
  feature: ReferenceFeature,
  observed: PublishedBlock,
  against: Reference | PublishedBlock,
): Omit<FeatureDrift, "feature" | "side" | "measure" | "verdict" | "contributors"> {
  const groups =
    "samples" in against ? observed.groups : joinGroups(observed.groups, against.groups);
  const now = sharesOf(observed, groups);
  const before =
    "samples" in against
      ? referenceShares(feature, { groups, samples: against.samples })
      : sharesOf(against, groups);
  const samples = [before, now].map((shares) => toSample(shares, { before, now }));
  const [first, second] = samples;
  const bins = feature.categories === undefined ? groups.length : 0;
  const isTold = first !== undefined && second !== undefined && second.counts.length > 1;
  const { psi, jensenShannon, kolmogorovSmirnov } = isTold
    ? driftVerdict(first, second, { bins })
    : NO_DISTANCES;
  return {
    ...{ psi, jensenShannon, kolmogorovSmirnov },
    missing: now.missing,
    unseen: now.unseen,
    outOfRange: observed.irregular["out-of-range"],
    bins: groups.map((group, place) => ({
      label: labelOf(feature, group),
      baseline: before.bins[place] ?? 0,
      observed: now.bins[place] ?? 0,
    })),
  };
}

function sharesOf(block: PublishedBlock, groups: Groups): Shares {
  const { groups: own, shares, size, missing, unseen } = plain(block);
  const bins = groups.map((group) =>
    own.reduce(
      (sum, ownGroup, place) =>
        sum + (group.includes(ownGroup[0] ?? -1) ? (shares[place] ?? 0) : 0),
      0,
    ),
  );
  return { size, bins, missing, unseen };
}

/**
 * What was so before answers were randomised, as well as can be told. Answers were drawn from all that
 * there are: this comes before any are joined, or left out.
 */
function plain({
  contributors,
  epsilon,
  groups,
  shares,
  irregular,
}: PublishedBlock): Pick<PublishedBlock, "groups" | "shares"> & Omit<Shares, "bins"> {
  const { missing, unseen } = irregular;
  if (epsilon === undefined) return { groups, shares, size: contributors, missing, unseen };
  const others = [missing, unseen].flatMap((share) => share ?? []);
  const binned = 1 - total(others);
  const told = [...shares.map((share) => share * binned), ...others];
  // An estimate below nothing is one of nothing.
  const estimates = debias(told, epsilon).map((share) => Math.max(share, 0));
  const all = total(estimates);
  const truth = estimates.map((share) => share / all);
  const bins = truth.slice(0, shares.length);
  const inBins = total(bins);
  const [first = 0, second = 0] = truth.slice(shares.length);
  return {
    groups,
    shares: bins.map((share) => (inBins > 0 ? share / inBins : 0)),
    size: effectiveSize({ counts: told, size: contributors, epsilon }),
    missing: missing === null ? null : first,
    unseen: unseen === null ? null : missing === null ? first : second,
  };
}

function total(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}

function referenceShares(
  { counts, missing, unseen = 0 }: ReferenceFeature,
  { groups, samples }: { groups: Groups; samples: number },
): Shares {
  const binned = counts.reduce((sum, count) => sum + count, 0);
  const all = binned + missing + unseen;
  const of = (count: number, total: number) => (total > 0 ? count / total : 0);
  return {
    size: all > 0 ? samples : 0,
    bins: groups.map((group) =>
      of(
        group.reduce((sum, bin) => sum + (counts[bin] ?? 0), 0),
        binned,
      ),
    ),
    missing: of(missing, all),
    unseen: of(unseen, all),
  };
}

/** What distances are measured between: the answers that may be known of both sides. */
function toSample(
  shares: Shares,
  { before, now }: { readonly before: Shares; readonly now: Shares },
): DriftSample {
  const answers = (["missing", "unseen"] as const)
    .filter((kind) => before[kind] !== null && now[kind] !== null)
    .map((kind) => shares[kind] ?? 0);
  const binned = 1 - answers.reduce((sum, share) => sum + share, 0);
  return {
    counts: [...shares.bins.map((share) => share * binned), ...answers],
    size: shares.size,
  };
}

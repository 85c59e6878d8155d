import type { Irregularity } from "@selvedge/protocol";
import { type Groups, groupBins, joinGroups, MIN_HOLDERS } from "./group-bins.ts";
import type { Block, Tally } from "./tally.ts";

/**
 * What may be known of a feature over a block of whole days: every number of an answer is computed from
 * these. Days of two blocks never overlap, and neither do their contributors, whose ids live for a day.
 */
export interface PublishedBlock {
  /** Milliseconds since 1970, midnights in UTC. */
  readonly from: number;
  readonly to: number;
  readonly contributors: number;
  /** Where answers were randomised: then shares are as they were told, and every bin is shown. */
  readonly epsilon: number | undefined;
  /** Bins that are shown as one; each has at least 50 contributors. */
  readonly groups: Groups;
  /** By group, its share of the values that have a bin; they add up to 1. */
  readonly shares: readonly number[];
  /** Shares of all values; `null` where fewer than 50 contributors had any, or few had none. */
  readonly irregular: Readonly<Record<Irregularity, number | null>>;
}

/**
 * Reduces a block to what may be known of it. Randomised answers can be made sense of only where every
 * one of them can be shown.
 *
 * Shares of bins are among values that have one, and shares of irregular values are of all: neither can
 * be had from the other by subtraction. Out of range are values that lie in the first or last bin
 * besides, so that what is left of those two bins has to be enough as well.
 *
 * @returns `undefined` where there is too little of everything
 */
export function publishBlock(
  { from, to, tally }: Block,
  isOrdered: boolean,
): PublishedBlock | undefined {
  const { contributors, epsilon, shares, irregular, irregularHolders } = tally;
  const groups = groupBins(tally, isOrdered);
  const binned = sum(shares);
  if (groups.length === 0 || binned <= 0) return undefined;
  const edges = (shares[0] ?? 0) + (shares.length > 1 ? (shares.at(-1) ?? 0) : 0);
  const shown = (kind: Irregularity, rest: number) =>
    irregularHolders[kind] >= MIN_HOLDERS && rest >= MIN_HOLDERS
      ? irregular[kind] / contributors
      : null;
  const block = {
    from,
    to,
    contributors,
    epsilon,
    groups,
    shares: groups.map((group) => sum(group.map((bin) => shares[bin] ?? 0)) / binned),
    irregular: {
      missing: shown("missing", binned),
      unseen: shown("unseen", binned),
      "out-of-range": shown("out-of-range", edges - irregular["out-of-range"]),
    },
  };
  return epsilon === undefined || isWhole(block, { tally, isOrdered }) ? block : undefined;
}

/** Whether every answer there is can be shown on its own. */
function isWhole(
  { groups, irregular }: PublishedBlock,
  { tally, isOrdered }: { tally: Tally; isOrdered: boolean },
): boolean {
  const hasIrregular = irregular.missing !== null && (isOrdered || irregular.unseen !== null);
  return groups.length === tally.shares.length && hasIrregular;
}

/** Several blocks of one ε as one: groups are joined where they differ, and each contributor weighs the same. */
export function mergeBlocks(blocks: readonly PublishedBlock[]): PublishedBlock | undefined {
  const [first, ...others] = blocks;
  if (first === undefined) return undefined;
  const contributors = sum(blocks.map((block) => block.contributors));
  const groups = others.reduce((joined, block) => joinGroups(joined, block.groups), first.groups);
  const weighed = (value: (block: PublishedBlock) => number) =>
    sum(blocks.map((block) => value(block) * block.contributors)) / contributors;
  const irregular = (kind: Irregularity) =>
    blocks.some((block) => block.irregular[kind] === null)
      ? null
      : weighed((block) => block.irregular[kind] ?? 0);
  return {
    from: Math.min(...blocks.map(({ from }) => from)),
    to: Math.max(...blocks.map(({ to }) => to)),
    contributors,
    epsilon: first.epsilon,
    groups,
    shares: groups.map((group) => weighed((block) => shareOf(block, group))),
    irregular: {
      missing: irregular("missing"),
      unseen: irregular("unseen"),
      "out-of-range": irregular("out-of-range"),
    },
  };
}

/** The share of these bins, which are whole groups of the block. */
function shareOf({ groups, shares }: PublishedBlock, bins: readonly number[]): number {
  return sum(
    groups.map((group, place) => (bins.includes(group[0] ?? -1) ? (shares[place] ?? 0) : 0)),
  );
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

import { IRREGULARITIES, type Irregularity } from "@selvedge/protocol";
import type { DistributionSummary } from "../../store/store.ts";

/** What contributors sent of one feature over some whole days. */
export type Tally = Omit<DistributionSummary, "model" | "version" | "feature">;

/** Some whole days of a feature, as one: with enough contributors for a verdict. */
export interface Block {
  /** Milliseconds since 1970, midnights in UTC. */
  readonly from: number;
  readonly to: number;
  readonly tally: Tally;
}

/** Days of one ε together; ids of contributors are renewed every day, so that nobody is in two. */
export function addTallies(a: Tally, b: Tally): Tally {
  const each = (x: readonly number[], y: readonly number[]) =>
    x.map((value, place) => value + (y[place] ?? 0));
  return {
    epsilon: a.epsilon,
    bounds: a.bounds,
    contributors: a.contributors + b.contributors,
    shares: each(a.shares, b.shares),
    holders: each(a.holders, b.holders),
    irregular: addIrregular(a.irregular, b.irregular),
    irregularHolders: addIrregular(a.irregularHolders, b.irregularHolders),
  };
}

type ByIrregularity = Readonly<Record<Irregularity, number>>;

function addIrregular(a: ByIrregularity, b: ByIrregularity): ByIrregularity {
  const [missing, outOfRange, unseen] = IRREGULARITIES.map((kind) => a[kind] + b[kind]);
  return { missing: missing ?? 0, "out-of-range": outOfRange ?? 0, unseen: unseen ?? 0 };
}

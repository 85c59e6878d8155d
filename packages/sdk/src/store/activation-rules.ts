import type { ActivationRecord, PackChoice } from "./database.ts";

/**
 * What a pack is installed as: `current` answers at once, `next` answers once it is proven, and `part`
 * is another variant of a pack that answers already.
 */
export type InstallRole = "current" | "next" | "part";

/**
 * What became of a pack: it gave its golden answers, it failed, part of it was lost and cannot be
 * fetched, or the registry no longer names it.
 */
export type Verdict = "proven" | "refused" | "lost" | "dropped";

/** Failures are told apart for this many packs; the one before them is tried again. */
const MOST_REFUSED = 8;

/** What answers after a pack was installed. */
export function afterInstall(
  before: ActivationRecord | undefined,
  choice: PackChoice,
  role: InstallRole,
): ActivationRecord | undefined {
  if (role === "part") return before;
  if (before === undefined) return { current: choice, isProven: false, refused: [] };
  if (isSame(before.current, choice)) return before;
  if (role === "next") return { ...before, next: choice };
  const lastGood = before.isProven ? before.current : before.lastGood;
  return recordOf({ current: choice, isProven: false, lastGood, refused: before.refused });
}

/**
 * What answers after a verdict. One on a pack that is neither current nor next changes nothing: another
 * tab has been here meanwhile.
 */
export function afterVerdict(
  before: ActivationRecord,
  {
    choice,
    verdict,
    runtime,
    canGoBack,
  }: {
    choice: PackChoice;
    verdict: Verdict;
    /** The runtimes of this version of Selvedge: with others, a pack that failed is tried again. */
    runtime: string;
    /** Whether the last good pack is whole, and the current one gives it reason to come back. */
    canGoBack: boolean;
  },
): ActivationRecord {
  const isNext = isSame(before.next, choice);
  const isCurrent = isSame(before.current, choice);
  if (verdict === "proven") {
    if (isNext) {
      // What served until now, unless it failed: then what served before that.
      const lastGood = isRefused(before, before.current.digest, runtime)
        ? before.lastGood
        : before.current;
      return recordOf({ current: choice, isProven: true, lastGood, refused: before.refused });
    }
    return isCurrent ? { ...before, isProven: true } : before;
  }
  const { current, isProven, lastGood, next } = before;
  const isNews = verdict === "refused" && (isNext || isCurrent);
  const refused = isNews ? noted(before, { digest: choice.digest, runtime }) : before.refused;
  if (isNext) return recordOf({ current, isProven, lastGood, refused });
  if (isCurrent && canGoBack && lastGood !== undefined && verdict !== "dropped")
    return recordOf({ current: lastGood, isProven: true, next, refused });
  return { ...before, refused };
}

/** Whether a pack failed on this device, with these runtimes. */
export function isRefused(
  record: ActivationRecord | undefined,
  digest: string,
  runtime: string,
): boolean {
  return record?.refused.some((one) => one.digest === digest && one.runtime === runtime) ?? false;
}

/** What answers once some packs have been deleted, if anything does. */
export function afterRemoval(
  { lastGood, next, ...rest }: ActivationRecord,
  isGone: (choice: PackChoice) => boolean,
): ActivationRecord | undefined {
  if (isGone(rest.current)) return undefined;
  const unlessGone = (choice?: PackChoice) =>
    choice === undefined || isGone(choice) ? undefined : choice;
  return recordOf({ ...rest, lastGood: unlessGone(lastGood), next: unlessGone(next) });
}

function recordOf({
  current,
  isProven,
  lastGood,
  next,
  refused,
}: Pick<ActivationRecord, "current" | "isProven" | "refused"> & {
  lastGood?: PackChoice | undefined;
  next?: PackChoice | undefined;
}): ActivationRecord {
  return {
    current,
    isProven,
    ...(lastGood === undefined || isSame(lastGood, current) ? {} : { lastGood }),
    ...(next === undefined ? {} : { next }),
    refused,
  };
}

function noted(
  { refused }: ActivationRecord,
  failure: { digest: string; runtime: string },
): ActivationRecord["refused"] {
  const others = refused.filter(({ digest }) => digest !== failure.digest);
  return [...others, failure].slice(-MOST_REFUSED);
}

function isSame(one: PackChoice | undefined, other: PackChoice): boolean {
  return one?.digest === other.digest && one.dtype === other.dtype;
}

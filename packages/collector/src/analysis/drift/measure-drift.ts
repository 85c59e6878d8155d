import {
  boundsOf,
  type DriftAnswer,
  type FeatureDrift,
  type Reference,
  type ReferenceFeature,
} from "@selvedge/protocol";
import { givenUp } from "../../store/given-up.ts";
import type { DistributionSummary } from "../../store/store.ts";
import { compareBlocks, withoutFigures } from "./compare-blocks.ts";
import { lastMidnight, type ReadDay } from "./read-days.ts";
import type { Block } from "./tally.ts";
import { DAY_MS, type DayTally, KEPT_MS, type Periods, periodsOf, toBlocks } from "./to-blocks.ts";

/** A question about drift: of one version, in days. */
export interface DriftQuestion {
  readonly model: string;
  readonly version: string;
  readonly baseline: DriftAnswer["baseline"];
  /** Milliseconds since 1970; taken to whole days in UTC, and those to whole blocks. */
  readonly from: number;
  readonly to: number;
}

/** An answer, before it is said whose reference it is about. */
export type MeasuredDrift = Omit<DriftAnswer, "signedBy">;

const WEEK_MS = 7 * DAY_MS;

/** Days that are asked of the store at a time. */
const READ_AT_ONCE = 4;

/**
 * How far each feature of the reference has moved in the blocks of days that the question touches, or
 * in the latest one where it touches none, against the reference or against the blocks of the week before them.
 */
export async function measureDrift(
  question: DriftQuestion,
  {
    reference,
    readDay,
    nowMs,
    keptMs = KEPT_MS,
    signal,
  }: {
    readonly reference: Reference;
    readonly readDay: ReadDay;
    readonly nowMs: number;
    /** How long distributions are kept. */
    readonly keptMs?: number | undefined;
    /** Whoever asked has gone away: no further days are read, and it rejects with `closed`. */
    readonly signal?: AbortSignal | undefined;
  },
): Promise<MeasuredDrift> {
  const { model, version, baseline } = question;
  const end = lastMidnight(nowMs);
  const to = Math.min(Math.ceil(question.to / DAY_MS) * DAY_MS, end);
  const from = Math.min(question.from - (question.from % DAY_MS), to);
  // Blocks are put together from the beginning of their period, and so are those of the week before.
  const periods = periodsOf(keptMs, nowMs);
  const lately = periodOf(from - WEEK_MS, periods);
  const earliest = baseline === "previous" ? periodOf(lately - WEEK_MS, periods) : lately;
  const days = await readDays(model, { from: earliest, to, readDay, signal });
  const answers = reference.features.map((feature) => {
    const { blocks, waiting } = blocksOf(feature, { version, days, periods });
    const current = usual(blocksFor(blocks, { from, to }));
    const [first] = current;
    if (first === undefined) return { drift: withoutFigures(feature, waiting), current };
    const before = usual(
      blocks.filter((block) => block.to <= first.from && block.to > first.from - WEEK_MS),
    );
    const against = baseline === "reference" ? reference : before;
    const features = reference.features.length;
    return { drift: compareBlocks(feature, current, { against, features }), current };
  });
  const spans = answers.flatMap(({ current }) => current);
  return {
    model,
    version,
    from: Math.min(from, ...spans.map((span) => span.from)),
    to: Math.max(to, ...spans.map((span) => span.to)),
    baseline,
    features: answers.map(({ drift }) => drift).toSorted(byDistance),
  };
}

/** What a window touches, or the latest block of the week before: a window may be of today alone. */
function blocksFor(blocks: readonly Block[], { from, to }: { from: number; to: number }): Block[] {
  const touched = blocks.filter((block) => block.to > from && block.from < to);
  if (touched.length > 0) return touched;
  return blocks
    .filter((block) => block.to > from - WEEK_MS && block.to <= to)
    .toSorted((a, b) => b.to - a.to)
    .slice(0, 1);
}

/** Of blocks of several ε, those of the one that most contributors have. */
function usual(blocks: readonly Block[]): readonly Block[] {
  const size = (some: readonly Block[]) =>
    some.reduce((sum, { tally }) => sum + tally.contributors, 0);
  return [...new Set(blocks.map(({ tally }) => tally.epsilon))]
    .map((epsilon) => blocks.filter(({ tally }) => tally.epsilon === epsilon))
    .reduce((most, some) => (size(some) > size(most) ? some : most), []);
}

type Day = { readonly day: number; readonly summaries: readonly DistributionSummary[] };

async function readDays(
  model: string,
  {
    from,
    to,
    readDay,
    signal,
  }: { from: number; to: number; readDay: ReadDay; signal: AbortSignal | undefined },
): Promise<Day[]> {
  const days: Day[] = [];
  for (let start = Math.max(0, from); start < to; start += READ_AT_ONCE * DAY_MS) {
    // Between two reads, not amid one: what a day told is kept for all who ask.
    if (signal?.aborted) throw givenUp();
    const some = Array.from({ length: READ_AT_ONCE }, (_, i) => start + i * DAY_MS);
    const read = some
      .filter((day) => day < to)
      .map(async (day) => ({ day, summaries: await readDay(model, day) }));
    days.push(...(await Promise.all(read)));
  }
  return days;
}

function blocksOf(
  feature: ReferenceFeature,
  { version, days, periods }: { version: string; days: readonly Day[]; periods: Periods },
): { blocks: Block[]; waiting: number } {
  const bounds = JSON.stringify(boundsOf(feature));
  const byEpsilon = new Map<number | undefined, DayTally[]>();
  for (const { day, summaries } of days)
    for (const tally of summaries) {
      // Other bounds are of something that is not this feature, whatever it calls itself.
      const isIts = tally.version === version && tally.feature === feature.name;
      if (!isIts || JSON.stringify(tally.bounds) !== bounds) continue;
      const tallies = byEpsilon.get(tally.epsilon) ?? [];
      byEpsilon.set(tally.epsilon, [...tallies, { day, tally: withAllBins(tally) }]);
    }
  const isOrdered = feature.categories === undefined;
  const parts = [...byEpsilon.values()].map((tallies) =>
    toBlocks(tallies, isOrdered, periods.lengthMs),
  );
  return {
    blocks: parts.flatMap(({ blocks }) => blocks),
    waiting: Math.max(0, ...parts.map(({ waiting }) => waiting)),
  };
}

/** Where all that anyone sent was missing, the store has no bins to tell of. */
function withAllBins(tally: DistributionSummary): DistributionSummary {
  const all = (values: readonly number[]) =>
    Array.from({ length: tally.bounds.length + 1 }, (_, bin) => values[bin] ?? 0);
  return { ...tally, shares: all(tally.shares), holders: all(tally.holders) };
}

function periodOf(time: number, { lengthMs, firstMs }: Periods): number {
  const at = Math.max(firstMs, time);
  return at - (at % lengthMs);
}

/** What drifts first, and what drifts most before what drifts less. */
function byDistance(a: FeatureDrift, b: FeatureDrift): number {
  const drifting = Number(b.verdict === "drifting") - Number(a.verdict === "drifting");
  return drifting || (b.psi ?? -1) - (a.psi ?? -1) || (a.feature < b.feature ? -1 : 1);
}

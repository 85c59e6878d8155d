import { type ExponentialHistogram, mergeHistograms } from "@selvedge/protocol";
import type { FeedbackSummary } from "../../store/store.ts";

/** What feedback said of one version over some time. */
export interface FeedbackTally {
  readonly model: string;
  readonly version: string;
  readonly judged: number;
  readonly correct: number;
  /** What was taken for what, by a key of the two; not of those that contradict being right or wrong. */
  readonly cells: ReadonlyMap<string, Cell>;
  /** By tenth of confidence, those with any. */
  readonly tenths: ReadonlyMap<number, Tenth>;
  /** How far values were off. */
  readonly error: ExponentialHistogram | undefined;
}

/** Predictions of one class whose truth was another, or the same. */
interface Cell {
  readonly predicted: string;
  readonly label: string;
  readonly count: number;
}

/** Judged predictions of one tenth of confidence. */
export interface Tenth {
  /** From 0 to 9. */
  readonly tenth: number;
  readonly judged: number;
  readonly correct: number;
}

type Counts = FeedbackSummary["counts"];

/** Adds up what a store answers, by `versionKey`. */
export function tallyFeedback({ counts, errors }: FeedbackSummary): Map<string, FeedbackTally> {
  const tallies = new Map<string, FeedbackTally>();
  for (const some of byVersion(counts).values()) {
    const [{ model, version }] = some;
    const right = some.filter(({ correct }) => correct);
    const tally = { model, version, judged: total(some), correct: total(right), error: undefined };
    tallies.set(versionKey(tally), { ...tally, cells: cellsOf(some), tenths: tenthsOf(some) });
  }
  for (const { model, version, histogram } of errors) {
    const none = { judged: 0, correct: 0, cells: new Map(), tenths: new Map(), error: undefined };
    const known = tallies.get(versionKey({ model, version })) ?? { model, version, ...none };
    tallies.set(versionKey(known), { ...known, error: bothErrors(known.error, histogram) });
  }
  return tallies;
}

/** Two tallies of one version as one. */
export function addTallies(a: FeedbackTally, b: FeedbackTally): FeedbackTally {
  return {
    model: a.model,
    version: a.version,
    judged: a.judged + b.judged,
    correct: a.correct + b.correct,
    cells: merged(a.cells, b.cells, addCells),
    tenths: merged(a.tenths, b.tenths, addTenths),
    error: bothErrors(a.error, b.error),
  };
}

/** A key of a version, whatever names hold. */
export function versionKey({
  model,
  version,
}: {
  readonly model: string;
  readonly version: string;
}): string {
  return JSON.stringify([model, version]);
}

/** Entries of one version each; never empty. */
function byVersion(counts: Counts): Map<string, [Counts[number], ...Counts[number][]]> {
  const groups = new Map<string, [Counts[number], ...Counts[number][]]>();
  for (const entry of counts) {
    const group = groups.get(versionKey(entry));
    if (group === undefined) groups.set(versionKey(entry), [entry]);
    else group.push(entry);
  }
  return groups;
}

function total(counts: Counts): number {
  return counts.reduce((sum, { count }) => sum + count, 0);
}

function cellsOf(counts: Counts): Map<string, Cell> {
  const cells = new Map<string, Cell>();
  for (const { predicted, label, correct, count } of counts)
    if (predicted !== undefined && label !== undefined && (predicted === label) === correct)
      put(cells, JSON.stringify([predicted, label]), { predicted, label, count }, addCells);
  return cells;
}

function tenthsOf(counts: Counts): Map<number, Tenth> {
  const tenths = new Map<number, Tenth>();
  for (const { confidenceTenth: tenth, correct, count } of counts)
    if (tenth !== undefined)
      put(tenths, tenth, { tenth, judged: count, correct: correct ? count : 0 }, addTenths);
  return tenths;
}

function addCells(a: Cell, b: Cell): Cell {
  return { predicted: a.predicted, label: a.label, count: a.count + b.count };
}

function addTenths(a: Tenth, b: Tenth): Tenth {
  return { tenth: a.tenth, judged: a.judged + b.judged, correct: a.correct + b.correct };
}

function bothErrors(
  a: ExponentialHistogram | undefined,
  b: ExponentialHistogram | undefined,
): ExponentialHistogram | undefined {
  return a !== undefined && b !== undefined ? mergeHistograms(a, b) : (a ?? b);
}

function merged<K, V>(
  a: ReadonlyMap<K, V>,
  b: ReadonlyMap<K, V>,
  add: (x: V, y: V) => V,
): Map<K, V> {
  const all = new Map(a);
  for (const [key, value] of b) put(all, key, value, add);
  return all;
}

function put<K, V>(all: Map<K, V>, key: K, value: V, add: (x: V, y: V) => V): void {
  const known = all.get(key);
  all.set(key, known === undefined ? value : add(known, value));
}

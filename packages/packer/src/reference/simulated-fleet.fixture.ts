import { readFileSync } from "node:fs";
import {
  answerCount,
  answerOf,
  answersOf,
  binCount,
  binOf,
  type DriftFinding,
  driftVerdict,
  type FeatureValue,
  measure,
  psi,
  type ReferenceFeature,
  randomizeAnswer,
} from "@selvedge/protocol";
import { binned, categoryBins, numberBins } from "./feature-bins.ts";

/** A row of a table, by column: numbers, names, and `null` where nothing was written. */
type Row = Readonly<Record<string, FeatureValue>>;

/** A table that a small model was made of, and what the model tells of a row. */
export interface Task {
  /** With what the model answers. */
  readonly rows: readonly Row[];
  /** Those that agree with a row in what is no number: penguins of one island and sex, mails of one format. */
  readonly alike: ReadonlyMap<Row, readonly Row[]>;
  /** What is measured, inputs and outputs. */
  readonly features: readonly string[];
  readonly inputs: readonly string[];
  /** Adds what the model answers. */
  readonly answer: (row: Row) => Row;
}

/** What a fleet is like. */
export interface Fleet {
  readonly contributors: number;
  /** How many examples the reference is taken from: rows drawn like those that devices see. */
  readonly examples: number;
  readonly epsilon?: number;
  /** How many predictions devices make on average besides their first; 0 where they make no other. */
  readonly further: number;
  /** An input that some devices measure otherwise, so many of them that its PSI is 0.2. */
  readonly shifted?: string;
  readonly random: () => number;
}

/** How large an injected shift is. */
const SHIFT_PSI = 0.2;

const OUTPUTS = ["class", "confidence", "entropy"] as const;

/**
 * Reads a table, and makes a classifier of it: by how near a row is to the mean of each class, in
 * standard deviations.
 */
export function readTask(file: string, label: string): Task {
  const url = new URL(file, import.meta.url);
  const [head = "", ...lines] = readFileSync(url, "utf8").trim().split("\n");
  const columns = head.split(",");
  const all = lines.map((line): Row => {
    const cells = line.split(",");
    return Object.fromEntries(columns.map((column, i) => [column, cellOf(cells[i] ?? "")]));
  });
  const inputs = columns.filter((column) => column !== label);
  const answer = classifier(all, { label, inputs: inputs.filter((name) => isNumeric(all, name)) });
  const rows = all.map(answer);
  const groups = new Map<string, Row[]>();
  const kindOf = (row: Row) =>
    inputs.map((name) => (typeof row[name] === "string" ? row[name] : "")).join();
  for (const row of rows) groups.set(kindOf(row), [...(groups.get(kindOf(row)) ?? []), row]);
  const alike = new Map(rows.map((row) => [row, groups.get(kindOf(row)) ?? []]));
  return { rows, alike, inputs, features: [...inputs, ...OUTPUTS], answer };
}

/** Runs a fleet for a day, and says of each feature whether it has drifted. */
export function runFleet(task: Task, fleet: Fleet): Map<string, DriftFinding> {
  const { random, contributors, examples, further, epsilon } = fleet;
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  const reference = referenceOf(
    task,
    Array.from({ length: examples }, () => pick(task.rows)),
  );
  const shift = fleet.shifted === undefined ? undefined : shiftOf(task, fleet.shifted);
  const totals = reference.map((feature) => new Array<number>(answerCount(feature)).fill(0));
  for (let i = 0; i < contributors; i++) {
    // Half of the devices see always the like of what they saw first.
    const first = pick(task.rows);
    const alike = random() < 0.5 ? (task.alike.get(first) ?? []) : task.rows;
    const change = shift !== undefined && random() < shift.share ? shift.change : undefined;
    // Of randomised answers there is one a day.
    const mean = epsilon === undefined ? further : 0;
    const predictions = 1 + Math.floor(-mean * Math.log(1 - random()));
    const own = Array.from({ length: predictions }, (_, k) => (k === 0 ? first : pick(alike)));
    const seen = change === undefined ? own : own.map((row) => task.answer(change(row)));
    for (const [index, feature] of reference.entries())
      for (const row of seen) {
        const answer = answerOf(feature, binOf(feature, row[feature.name] ?? null));
        const k = answerCount(feature);
        const told =
          epsilon === undefined
            ? answer
            : randomizeAnswer(answer, { k, epsilon, random: [random(), random()] });
        const counts = totals[index] ?? [];
        counts[told] = (counts[told] ?? 0) + 1 / seen.length;
      }
  }
  return new Map(
    reference.map((feature, index) => [
      feature.name,
      driftVerdict(
        { counts: answersOf(feature), size: examples },
        { counts: totals[index] ?? [], size: contributors, epsilon },
        {
          bins: feature.categories === undefined ? binCount(feature) : 0,
          features: reference.length,
        },
      ),
    ]),
  );
}

/** Inputs that are numbers: those that a shift can be injected into. */
export function shiftable(task: Task): string[] {
  return task.inputs.filter((name) => isNumeric(task.rows, name));
}

function referenceOf(task: Task, rows: readonly Row[]): ReferenceFeature[] {
  return task.features.map((name): ReferenceFeature => {
    const values = rows.map((row) => row[name] ?? null);
    const isNumber = name !== "class" && isNumeric(rows, name);
    const bins = isNumber
      ? numberBins(values)
      : (categoryBins(values, name === "class" ? "class" : "category", 3) ?? { categories: ["-"] });
    const side = task.inputs.includes(name) ? "input" : "output";
    const what = isNumber ? "value" : "category";
    return { name, side, tensor: name, measure: what, ...bins, ...binned(values, bins) };
  });
}

/** A change of one input, and the share of devices with which the whole fleet has a PSI of 0.2. */
function shiftOf(task: Task, name: string): { share: number; change: (row: Row) => Row } {
  const values = task.rows.map((row) => row[name] ?? null);
  const { deviation } = spread(values);
  const change = (row: Row): Row => {
    const value = row[name];
    return typeof value === "number" ? { ...row, [name]: value + 1.5 * deviation } : row;
  };
  const feature = numberBins(values);
  const count = (some: readonly FeatureValue[]) => binned(some, feature).counts;
  const before = count(values);
  const after = count(task.rows.map((row) => change(row)[name] ?? null));
  const scale = 1e9;
  const distance = (share: number) =>
    psi(
      before.map((n) => n * scale),
      before.map((n, bin) => (n * (1 - share) + (after[bin] ?? 0) * share) * scale),
    );
  let [low, high] = [0, 1];
  if (distance(high) < SHIFT_PSI) throw new Error(`no share of devices shifts ${name} so far`);
  for (let i = 0; i < 50; i++) {
    const middle = (low + high) / 2;
    if (distance(middle) < SHIFT_PSI) low = middle;
    else high = middle;
  }
  return { share: high, change };
}

function classifier(
  rows: readonly Row[],
  { label, inputs }: { label: string; inputs: readonly string[] },
): (row: Row) => Row {
  const scales = inputs.map((name) => spread(rows.map((row) => row[name] ?? null)));
  const place = (row: Row) =>
    inputs.map((name, i) => {
      const { mean = 0, deviation = 1 } = scales[i] ?? {};
      const value = row[name];
      return typeof value === "number" ? (value - mean) / deviation : 0;
    });
  const classes = [...new Set(rows.map((row) => row[label]))].sort();
  const centres = classes.map((name) => {
    const places = rows.filter((row) => row[label] === name).map(place);
    return inputs.map((_, i) => places.reduce((sum, at) => sum + (at[i] ?? 0), 0) / places.length);
  });
  return (row) => {
    const at = place(row);
    const scores = centres.map((centre) =>
      centre.reduce((sum, value, i) => sum - (value - (at[i] ?? 0)) ** 2, 0),
    );
    const tensor = { type: "float64", dims: [1, scores.length], data: scores };
    const told = OUTPUTS.map((what) => [what, measure({ measure: what }, tensor, 0)] as const);
    return { ...row, ...Object.fromEntries(told) };
  };
}

function isNumeric(rows: readonly Row[], name: string): boolean {
  return rows.some((row) => typeof row[name] === "number");
}

function spread(values: readonly FeatureValue[]): { mean: number; deviation: number } {
  const numbers = values.filter((value) => typeof value === "number");
  const mean = numbers.reduce((sum, value) => sum + value, 0) / numbers.length;
  const variance = numbers.reduce((sum, value) => sum + (value - mean) ** 2, 0) / numbers.length;
  return { mean, deviation: Math.sqrt(variance) };
}

function cellOf(text: string): FeatureValue {
  if (text === "") return null;
  return Number.isNaN(Number(text)) ? text : Number(text);
}

import { ATTRIBUTES } from "@selvedge/protocol";
import type { Labels, Seen } from "../../store/store.ts";
import { classesOf } from "./classes-of.ts";

/** What stands in place of a value that there was no room for. */
const OTHER = "other";

/** How long a value is known after it was seen last: this long at least, and twice as long at most. */
const DAY_MS = 24 * 60 * 60 * 1000;

/** The names of all labels. */
export const LABELS: readonly (keyof Labels)[] = Object.keys(ATTRIBUTES).filter(
  (name): name is keyof Labels => name in ATTRIBUTES,
);

/** What bounds how many series a sender can make. */
export interface LabelBoundsOptions {
  /** Values that a label may have in a day; of `version`, those of all models. */
  readonly valuesPerLabel: number;
  /** Combinations of labels that there may be in a day. */
  readonly series: number;
  /** Whether the registry serves a model, or a version of it: those always have room. */
  readonly isServed: (model: string, version?: string) => boolean;
  /** What was stored before this start: it has its room still. */
  readonly seen: Seen;
  readonly now: () => number;
}

/** Of a store that nothing came to. */
export const NOTHING_SEEN: Seen = { series: [], features: [] };

/** Whoever may write can make up labels; each costs rows for weeks, and memory wherever it is counted by. */
export interface LabelBounds {
  /**
   * The labels that a point is counted under: equal ones where there is room for them, and otherwise with
   * `other` for what is too many. Points of one series are given the very same object, so that what is
   * made of them can go by that.
   *
   * @param told what else its series is told apart by
   */
  of(labels: Labels, told?: string): Labels;
  /** The same of a text that is no label but is grouped by, of its own kind. */
  textOf(kind: string, text: string): string;
  /** Points that were counted as `other`, by label, since this was made; `series` for combinations. */
  capped(): Readonly<Record<string, number>>;
}

/** Bounds of which what was stored lately has been used, so that a restart makes no room. */
export function createLabelBounds({
  valuesPerLabel,
  series: maxSeries,
  isServed,
  seen,
  now,
}: LabelBoundsOptions): LabelBounds {
  const values = new Map<string, Known<string>>();
  const series = createKnown<Labels>(maxSeries);
  /** What labels were admitted as that are the same object; as long as series are known. */
  const admittedAs = new Map<Labels, Labels>();
  /** What stands for all that there was no room for of a version that is served. */
  const othersOf = new Map<string, Labels>();
  const counts: Record<string, number> = {};
  let renewAt = now() + DAY_MS;

  const renew = (): void => {
    const time = now();
    if (time < renewAt) return;
    admittedAs.clear();
    othersOf.clear();
    const all = [series, ...values.values()];
    for (const known of all) known.renew();
    // Of two days without a point nothing is left to know.
    if (time >= renewAt + DAY_MS) for (const known of all) known.renew();
    renewAt = time + DAY_MS;
  };
  const count = (what: string): void => {
    counts[what] = (counts[what] ?? 0) + 1;
  };
  const otherOf = ({ model = OTHER, version = OTHER }: Labels): Labels => {
    if (!isServed(model, version)) return ALL_OTHER;
    const key = `${model.length}:${model}${version}`;
    const other = othersOf.get(key) ?? Object.freeze({ ...ALL_OTHER, model, version });
    othersOf.set(key, other);
    return other;
  };
  const admit = (kind: string, text: string): boolean => {
    const known = values.get(kind) ?? createKnown<string>(valuesPerLabel);
    values.set(kind, known);
    return known.admit(text, text) !== undefined;
  };
  const hasRoom = (label: keyof Labels, value: string, { model = "" }: Labels): boolean => {
    if (label === "model") return admit(label, value) || isServed(value);
    if (label !== "version") return admit(label, value);
    return admit(label, `${model} ${value}`) || isServed(model, value);
  };

  for (const { labels, attributes = "" } of seen.series) {
    for (const label of LABELS) {
      const value = labels[label];
      if (value !== undefined && value !== OTHER) hasRoom(label, value, labels);
    }
    for (const name of classesOf(attributes)) admit("class", name);
    series.admit(keyOf(labels, attributes), labels);
  }
  for (const feature of seen.features) admit("feature", feature);
  // As if it had come yesterday: what does not come again makes room in a day.
  for (const known of [series, ...values.values()]) known.renew();

  return {
    of: (labels, told = "") => {
      renew();
      const again = told === "" ? admittedAs.get(labels) : undefined;
      if (again !== undefined) return again;
      const key = keyOf(labels, told);
      const known = series.get(key);
      if (known !== undefined) {
        if (admittedAs.size >= maxSeries) admittedAs.clear();
        if (told === "") admittedAs.set(labels, known);
        return known;
      }
      const replaced = LABELS.filter((label) => {
        const value = labels[label];
        return value !== undefined && value !== OTHER && !hasRoom(label, value, labels);
      });
      for (const label of replaced) count(label);
      const bounded = replaced.length === 0 ? labels : withOther(labels, replaced);
      const admitted = series.admit(replaced.length === 0 ? key : keyOf(bounded, ""), bounded);
      if (admitted !== undefined) return admitted;
      count("series");
      return otherOf(bounded);
    },
    textOf: (kind, text) => {
      renew();
      if (text === OTHER || admit(kind, text)) return text;
      count(kind);
      return OTHER;
    },
    capped: () => ({ ...counts }),
  };
}

const ALL_OTHER: Labels = Object.freeze(
  Object.fromEntries(LABELS.map((label) => [label, OTHER] as const)),
);

/** A version of no model that is known is no version that is. */
function withOther(labels: Labels, replaced: readonly (keyof Labels)[]): Labels {
  const others = replaced.includes("model") ? [...replaced, "version" as const] : replaced;
  return { ...labels, ...Object.fromEntries(others.map((label) => [label, OTHER] as const)) };
}

function keyOf(labels: Labels, told: string): string {
  // With the length of each, so that no text can pass for two.
  let key = `${told.length}:${told}`;
  for (const label of LABELS) {
    const value = labels[label];
    key += value === undefined ? "|" : `|${value.length}:${value}`;
  }
  return key;
}

/** What was seen today or the day before, by a text of each, and never more than so many. */
interface Known<T> {
  /** What was seen today. */
  get(text: string): T | undefined;
  /** Notes that it was seen, and answers what it was seen as first; `undefined` where there is no room. */
  admit(text: string, value: T): T | undefined;
  /** A day has passed: what was not seen in it makes room. */
  renew(): void;
}

function createKnown<T>(limit: number): Known<T> {
  let today = new Map<string, T>();
  let before = new Map<string, T>();
  return {
    get: (text) => today.get(text),
    admit: (text, value) => {
      const known = today.get(text);
      if (known !== undefined) return known;
      const former = before.get(text);
      if (former === undefined && today.size + before.size >= limit) return undefined;
      before.delete(text);
      today.set(text, former ?? value);
      return former ?? value;
    },
    renew: () => {
      before = today;
      today = new Map();
    },
  };
}

import { ATTRIBUTES } from "@selvedge/protocol";
import type { Labels } from "../../store/store.ts";

/** What stands in place of a value that there was no room for. */
const OTHER = "other";

/** How long a value is known after it was seen last: this long at least, and twice as long at most. */
const DAY_MS = 24 * 60 * 60 * 1000;

const LABELS = Object.keys(ATTRIBUTES).filter((name): name is keyof Labels => name in ATTRIBUTES);

/** What bounds how many series a sender can make. */
export interface LabelBoundsOptions {
  /** Values that a label may have in a day; of `version`, those of all models. */
  readonly valuesPerLabel: number;
  /** Combinations of labels that there may be in a day. */
  readonly series: number;
  /** Whether the registry serves a model, or a version of it: those always have room. */
  readonly isServed: (model: string, version?: string) => boolean;
  readonly now: () => number;
}

/** Whoever may write can make up labels; each costs rows for weeks, and memory wherever it is counted by. */
export interface LabelBounds {
  /**
   * The labels that a point is counted under: the very same where there is room for them, and otherwise
   * with `other` for what is too many.
   *
   * @param told what else its series is told apart by
   */
  of(labels: Labels, told?: string): Labels;
  /** The same of a text that is no label but is grouped by, of its own kind. */
  textOf(kind: string, text: string): string;
  /** Points that were counted as `other`, by label, since this was made; `series` for combinations. */
  capped(): Readonly<Record<string, number>>;
}

/** Bounds of which nothing has been used yet. */
export function createLabelBounds({
  valuesPerLabel,
  series: maxSeries,
  isServed,
  now,
}: LabelBoundsOptions): LabelBounds {
  const values = new Map<string, Known>();
  const series = createKnown(maxSeries);
  const counts: Record<string, number> = {};
  let renewAt = now() + DAY_MS;

  const renew = (): void => {
    const time = now();
    if (time < renewAt) return;
    const all = [series, ...values.values()];
    for (const known of all) known.renew();
    // Of two days without a point nothing is left to know.
    if (time >= renewAt + DAY_MS) for (const known of all) known.renew();
    renewAt = time + DAY_MS;
  };
  const count = (what: string): void => {
    counts[what] = (counts[what] ?? 0) + 1;
  };
  const admit = (kind: string, text: string): boolean => {
    const known = values.get(kind) ?? createKnown(valuesPerLabel);
    values.set(kind, known);
    return known.admit(text);
  };
  const hasRoom = (label: keyof Labels, value: string, { model = "" }: Labels): boolean => {
    if (label === "model") return admit(label, value) || isServed(value);
    if (label !== "version") return admit(label, value);
    return admit(label, `${model} ${value}`) || isServed(model, value);
  };

  return {
    of: (labels, told = "") => {
      renew();
      const key = keyOf(labels, told);
      if (series.has(key)) return labels;
      const replaced = LABELS.filter((label) => {
        const value = labels[label];
        return value !== undefined && value !== OTHER && !hasRoom(label, value, labels);
      });
      for (const label of replaced) count(label);
      const bounded = replaced.length === 0 ? labels : withOther(labels, replaced);
      if (series.admit(replaced.length === 0 ? key : keyOf(bounded, ""))) return bounded;
      count("series");
      const { model = OTHER, version = OTHER } = bounded;
      return isServed(model, version) ? { ...ALL_OTHER, model, version } : ALL_OTHER;
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

/** Texts that were seen today or the day before, of which there are never more than so many. */
interface Known {
  has(text: string): boolean;
  /** Notes that it was seen; `false` where there is no room. */
  admit(text: string): boolean;
  /** A day has passed: what was not seen in it makes room. */
  renew(): void;
}

function createKnown(limit: number): Known {
  let today = new Set<string>();
  let before = new Set<string>();
  return {
    has: (text) => today.has(text),
    admit: (text) => {
      if (today.has(text)) return true;
      if (!before.delete(text) && today.size + before.size >= limit) return false;
      today.add(text);
      return true;
    },
    renew: () => {
      before = today;
      today = new Set();
    },
  };
}

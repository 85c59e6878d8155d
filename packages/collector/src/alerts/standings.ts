import type { AlertState, AlertsAnswer } from "@selvedge/protocol";
import type { AlertChange } from "../store/store.ts";
import { advanceAlert, type Reading, readBound, type Standing } from "./advance-alert.ts";
import type { AlertRule } from "./alert-rule.ts";
import type { Findings } from "./evaluate-rule.ts";

/** What nothing was heard of for so long is no longer spoken of. */
const FORGET_MS = 24 * 60 * 60 * 1000;

/** Things that one rule watches at most. */
const MAX_INSTANCES = 1000;

type Labels = Readonly<Record<string, string>>;

interface Instance extends Standing {
  readonly labels: Labels;
  readonly value: number | null;
  /** When something was measured of it last. */
  readonly heardAt: number;
}

/** What changed: what receivers are told of, and what they are not. */
export interface Changes {
  readonly told: readonly AlertChange[];
  readonly quiet: readonly AlertChange[];
}

/** Where everything stands that rules watch. */
export interface Standings {
  /** Takes over where things stood, from the latest change to the earliest. */
  restore(history: AlertsAnswer["history"]): void;
  /** Takes in what a rule found out, and says what has changed by that. */
  advance(rule: AlertRule, findings: Findings, nowMs: number): Changes;
  /** Whether a thing fired and has not ended since, though nothing may be measured of it for now. */
  isOpen(rule: AlertRule, labels: Labels): boolean;
  of(rule: AlertRule): AlertsAnswer["rules"][number]["instances"];
}

/** Standings of rules of which nothing is known yet. */
export function createStandings(rules: readonly AlertRule[]): Standings {
  const byRule = new Map(rules.map(({ name }) => [name, new Map<string, Instance>()]));
  const instancesOf = (rule: string) => byRule.get(rule) ?? new Map<string, Instance>();
  return {
    restore: (history) => {
      for (const change of history) {
        const { rule, labels, at, value } = change;
        const known = instancesOf(rule);
        const key = keyOf(labels);
        if (!known.has(key))
          known.set(key, { ...standingAfter(change), labels, value, heardAt: at });
      }
    },
    advance: (rule, findings, nowMs) => {
      const known = instancesOf(rule.name);
      const heard = new Set(findings.readings.map(({ labels }) => keyOf(labels)));
      const told: AlertChange[] = [];
      const quiet: AlertChange[] = [];
      for (const [key, reading] of withSilent(rule, findings, known)) {
        const { labels, value } = reading;
        if (!known.has(key) && known.size >= MAX_INSTANCES) continue;
        // Of what has only just come into sight, no data is no change.
        const unknown: AlertState = value === null ? "no-data" : "ok";
        const before = known.get(key) ?? { state: unknown, since: nowMs, told: "ok" };
        const after = advanceAlert(before, reading, { forMs: rule.forMs, nowMs });
        const heardAt = heard.has(key) ? nowMs : (known.get(key)?.heardAt ?? nowMs);
        known.set(key, { ...after, labels, value, heardAt });
        if (after.state !== before.state) {
          const states = { from: before.state, to: after.state };
          const change = { at: nowMs, rule: rule.name, labels, ...states, value, delivered: null };
          (after.told === before.told ? quiet : told).push(change);
        }
        if (after.state !== "firing" && nowMs - heardAt > FORGET_MS) known.delete(key);
      }
      return { told, quiet };
    },
    isOpen: ({ name }, labels) => (instancesOf(name).get(keyOf(labels))?.told ?? "ok") !== "ok",
    of: ({ name }) =>
      [...instancesOf(name).values()].map(({ labels, state, since, value }) => {
        return { labels, state, since, value };
      }),
  };
}

/** Where a thing stood after its latest change: it is only from firing that no data is told of. */
function standingAfter({ from, to, at }: Pick<AlertChange, "from" | "to" | "at">): Standing {
  const told = to === "firing" || (to === "no-data" && from === "firing") ? to : "ok";
  return { state: to, since: at, told };
}

/** What was found out, by its labels, and of what nothing was heard any more that there is nothing. */
function withSilent(
  rule: AlertRule,
  { readings, unread }: Findings,
  known: ReadonlyMap<string, Instance>,
): Map<string, Reading> {
  const heard = new Map(readings.map((reading) => [keyOf(reading.labels), reading]));
  const isUnread = (labels: Labels) =>
    unread.some((some) => Object.entries(some).every(([name, value]) => labels[name] === value));
  for (const [key, { labels }] of known)
    if (!heard.has(key) && !isUnread(labels)) heard.set(key, silence(rule, labels));
  return heard;
}

/** A version that nobody predicts with any more is measured: there are no predictions. */
function silence(rule: AlertRule, labels: Labels): Reading {
  const isCounted = rule.kind === "threshold" && rule.metric === "predictions";
  if (isCounted) return readBound(labels, 0, rule.bound);
  return { labels, value: null, isBreach: false, isClear: false };
}

function keyOf(labels: Labels): string {
  return JSON.stringify(Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

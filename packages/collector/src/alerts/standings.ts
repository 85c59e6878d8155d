import type { AlertState, AlertsAnswer } from "@selvedge/protocol";
import type { AlertChange } from "../store/store.ts";
import { advanceAlert, type Reading, readBound, type Standing } from "./advance-alert.ts";
import type { AlertRule } from "./alert-rule.ts";

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

/** Where everything stands that rules watch. */
export interface Standings {
  /** Takes over where things stood, from the latest change to the earliest. */
  restore(history: AlertsAnswer["history"]): void;
  /** Takes in what a rule found out, and says what has changed by that. */
  advance(rule: AlertRule, readings: readonly Reading[], nowMs: number): AlertChange[];
  of(rule: AlertRule): AlertsAnswer["rules"][number]["instances"];
}

/** Standings of rules of which nothing is known yet. */
export function createStandings(rules: readonly AlertRule[]): Standings {
  const byRule = new Map(rules.map(({ name }) => [name, new Map<string, Instance>()]));
  const instancesOf = (rule: string) => byRule.get(rule) ?? new Map<string, Instance>();
  return {
    restore: (history) => {
      for (const { rule, labels, to, at, value } of history) {
        const known = instancesOf(rule);
        const key = keyOf(labels);
        if (!known.has(key)) known.set(key, { labels, state: to, since: at, value, heardAt: at });
      }
    },
    advance: (rule, readings, nowMs) => {
      const known = instancesOf(rule.name);
      const heard = new Set(readings.map(({ labels }) => keyOf(labels)));
      const changes: AlertChange[] = [];
      for (const [key, reading] of withSilent(rule, readings, known)) {
        const { labels, value } = reading;
        if (!known.has(key) && known.size >= MAX_INSTANCES) continue;
        // Of what has only just come into sight, no data is no change.
        const unknown: AlertState = value === null ? "no-data" : "ok";
        const before = known.get(key) ?? { state: unknown, since: nowMs };
        const after = advanceAlert(before, reading, { forMs: rule.forMs, nowMs });
        const heardAt = heard.has(key) ? nowMs : (known.get(key)?.heardAt ?? nowMs);
        known.set(key, { ...after, labels, value, heardAt });
        if (after.state !== before.state) {
          const states = { from: before.state, to: after.state };
          changes.push({ at: nowMs, rule: rule.name, labels, ...states, value, delivered: null });
        }
        if (after.state !== "firing" && nowMs - heardAt > FORGET_MS) known.delete(key);
      }
      return changes;
    },
    of: ({ name }) =>
      [...instancesOf(name).values()].map(({ heardAt: _, ...instance }) => instance),
  };
}

/** What was found out, by its labels, and of what nothing was heard any more that there is nothing. */
function withSilent(
  rule: AlertRule,
  readings: readonly Reading[],
  known: ReadonlyMap<string, Instance>,
): Map<string, Reading> {
  const heard = new Map(readings.map((reading) => [keyOf(reading.labels), reading]));
  for (const [key, { labels }] of known) if (!heard.has(key)) heard.set(key, silence(rule, labels));
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

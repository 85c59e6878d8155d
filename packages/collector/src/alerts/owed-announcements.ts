import type { AlertsAnswer } from "@selvedge/protocol";
import type { AlertChange } from "../store/store.ts";
import type { AlertRule } from "./alert-rule.ts";
import { hasReceiver } from "./announce-changes.ts";

/** How long to wait before a receiver that took nothing is told again: longer each time. */
const FIRST_WAIT_MS = 60_000;
const MAX_WAIT_MS = 60 * 60 * 1000;

/** What no longer fires is told of for so long; what fires, for as long as it does. */
const GIVE_UP_MS = 24 * 60 * 60 * 1000;

interface Owed {
  readonly change: AlertChange;
  readonly waitMs: number;
  readonly dueAt: number;
}

/** Changes that somebody was to be told of and has not been. */
export interface OwedAnnouncements {
  /** Takes over what was not delivered when the collector last ran, from the latest change to the earliest. */
  restore(history: AlertsAnswer["history"], nowMs: number): void;
  /** Notes what became of an announcement. */
  note(change: AlertChange, nowMs: number): void;
  /** What has changed since is told of in place of what was before. */
  supersede(changes: readonly AlertChange[]): void;
  /** What of a rule is to be told again now; until it is noted, it is not due again. */
  take(rule: AlertRule, nowMs: number): AlertChange[];
}

/** Announcements of rules of which none is owed yet: of each thing that a rule watches, the latest change. */
export function createOwedAnnouncements(rules: readonly AlertRule[]): OwedAnnouncements {
  const owed = new Map<string, Owed>();
  const owe = (change: AlertChange, waitMs: number, nowMs: number) =>
    owed.set(keyOf(change), { change, waitMs, dueAt: nowMs + waitMs });
  return {
    restore: (history, nowMs) => {
      const seen = new Set<string>();
      for (const change of history) {
        const key = keyOf(change);
        const isLatest = !seen.has(key);
        seen.add(key);
        const rule = rules.find(({ name }) => name === change.rule);
        if (rule === undefined || !isLatest || change.delivered !== false) continue;
        if (hasReceiver(rule, change)) owe(change, 0, nowMs);
      }
    },
    note: (change, nowMs) => {
      const before = owed.get(keyOf(change));
      if (before !== undefined && before.change.at > change.at) return;
      if (change.delivered !== false) owed.delete(keyOf(change));
      else {
        const waitMs = before?.change.at === change.at ? before.waitMs * 2 : 0;
        owe(change, Math.min(Math.max(waitMs, FIRST_WAIT_MS), MAX_WAIT_MS), nowMs);
      }
    },
    supersede: (changes) => {
      for (const change of changes) owed.delete(keyOf(change));
    },
    take: (rule, nowMs) =>
      [...owed].flatMap(([key, { change, waitMs, dueAt }]) => {
        if (change.rule !== rule.name || dueAt > nowMs) return [];
        if (change.to !== "firing" && nowMs - change.at > GIVE_UP_MS) {
          owed.delete(key);
          return [];
        }
        // On its way it is not due; what becomes of it is noted, or it is asked for again after that.
        owed.set(key, { change, waitMs, dueAt: nowMs + MAX_WAIT_MS });
        return [change];
      }),
  };
}

function keyOf({ rule, labels }: Pick<AlertChange, "rule" | "labels">): string {
  const sorted = Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([rule, sorted]);
}

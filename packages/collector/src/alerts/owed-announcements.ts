import type { AlertsAnswer } from "@selvedge/protocol";
import type { AlertChange } from "../store/store.ts";
import type { AlertRule } from "./alert-rule.ts";
import {
  type Announcement,
  isReceipt,
  type Outcome,
  type Receiver,
  receiversOf,
} from "./announcement.ts";

/** How long to wait before a receiver that took nothing is told again: longer each time. */
const FIRST_WAIT_MS = 60_000;
const MAX_WAIT_MS = 60 * 60 * 1000;

/** What no longer fires is told of for so long; what fired and has not ended, until it does. */
const GIVE_UP_MS = 24 * 60 * 60 * 1000;

interface Owed {
  readonly change: AlertChange;
  readonly missing: readonly Receiver[];
  /** Whether the webhook is told of a later change in place of this one. */
  readonly isReplaced: boolean;
  readonly waitMs: number;
  readonly dueAt: number;
}

/** When, and whether a thing by its labels fired and has not ended since. */
interface Taking {
  readonly nowMs: number;
  readonly isOpen: (labels: AlertChange["labels"]) => boolean;
}

/** Changes that somebody is to be told of and has not taken yet. */
export interface OwedAnnouncements {
  /** Takes over what was not delivered when the collector last ran, from the latest change to the earliest. */
  restore(history: AlertsAnswer["history"], nowMs: number): void;
  /** Takes in changes that are to be told of now, to webhooks in place of what was before. */
  begin(rule: AlertRule, changes: readonly AlertChange[], nowMs: number): void;
  /** What of a rule is to be told now; until it is noted, it is not due again. */
  take(rule: AlertRule, taking: Taking): Announcement[];
  /** Notes what became of an announcement. */
  note(outcome: Outcome, nowMs: number): void;
}

/** Announcements of rules of which none is owed yet. */
export function createOwedAnnouncements(rules: readonly AlertRule[]): OwedAnnouncements {
  const owed = new Map<string, Owed>();
  return {
    restore: (history, nowMs) => {
      const isTrained = new Map(
        history.filter(isReceipt).map((receipt) => [keyOf(receipt), receipt.delivered]),
      );
      const replaced = new Set<string>();
      const over = new Set<string>();
      for (const change of history) {
        if (isReceipt(change)) continue;
        const key = keyOf(change);
        const thing = thingOf(change);
        const rule = rules.find(({ name }) => name === change.rule);
        if (rule !== undefined && change.delivered === false) {
          const took = receiptOf(isTrained.get(key));
          const missing = receiversOf(rule, change).filter((receiver) => receiver !== took);
          const entry = { change, missing, isReplaced: replaced.has(thing) };
          const left = stillTold(entry).filter((who) => who === "webhook" || !over.has(thing));
          if (left.length > 0) owed.set(key, { ...entry, waitMs: 0, dueAt: nowMs });
        }
        const isAnnounced = change.delivered !== null;
        if (isAnnounced) replaced.add(thing);
        // Without data an alert is not over, and goes on firing without being told of.
        if (change.to === "firing" ? isAnnounced : change.to !== "no-data") over.add(thing);
      }
    },
    begin: (rule, changes, nowMs) => {
      const begun = new Map(changes.map((change) => [thingOf(change), change]));
      for (const [key, entry] of owed) {
        const newer = begun.get(thingOf(entry.change));
        if (newer === undefined) continue;
        // An alert that is out of sight for a while still calls for its training.
        const isCalling = newer.to === "no-data" && entry.missing.includes("retrain");
        if (isCalling) owed.set(key, { ...entry, isReplaced: true });
        else owed.delete(key);
      }
      for (const change of changes) {
        const entry = { change, missing: receiversOf(rule, change), isReplaced: false };
        owed.set(keyOf(change), { ...entry, waitMs: 0, dueAt: nowMs });
      }
    },
    take: (rule, { nowMs, isOpen }) =>
      [...owed].flatMap(([key, entry]) => {
        const { change, missing, dueAt } = entry;
        if (change.rule !== rule.name || dueAt > nowMs) return [];
        const isLate =
          change.to === "firing" ? !isOpen(change.labels) : nowMs - change.at > GIVE_UP_MS;
        if (isLate) {
          owed.delete(key);
          return [];
        }
        owed.set(key, { ...entry, dueAt: Number.POSITIVE_INFINITY });
        return [{ change, missing, receivers: stillTold(entry) }];
      }),
    note: ({ announcement, missing }, nowMs) => {
      const key = keyOf(announcement.change);
      const before = owed.get(key);
      if (before === undefined) return;
      const change = { ...announcement.change, delivered: missing.length === 0 };
      const waitMs = Math.min(Math.max(before.waitMs * 2, FIRST_WAIT_MS), MAX_WAIT_MS);
      const after = { ...before, change, missing, waitMs, dueAt: nowMs + waitMs };
      if (stillTold(after).length === 0) owed.delete(key);
      else owed.set(key, after);
    },
  };
}

function stillTold({ missing, isReplaced }: Pick<Owed, "missing" | "isReplaced">): Receiver[] {
  return missing.filter((receiver) => receiver !== "webhook" || !isReplaced);
}

/** Who took a change that not all took, by whether its receipt says that the training was it. */
function receiptOf(isTrained: boolean | null | undefined): Receiver | undefined {
  if (isTrained === undefined) return undefined;
  return isTrained ? "retrain" : "webhook";
}

function thingOf({ rule, labels }: Pick<AlertChange, "rule" | "labels">): string {
  const sorted = Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([rule, sorted]);
}

function keyOf(change: Pick<AlertChange, "rule" | "labels" | "at">): string {
  return JSON.stringify([thingOf(change), change.at]);
}

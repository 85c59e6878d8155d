import type { AlertChange } from "../store/store.ts";
import type { AlertRule } from "./alert-rule.ts";

/** Who is told of a change. */
export type Receiver = "webhook" | "retrain";

/** A change that receivers are told of. */
export interface Announcement {
  readonly change: AlertChange;
  /** Who is told. */
  readonly receivers: readonly Receiver[];
  /** Who has not taken it yet: those, and who is told of a later change in place of it. */
  readonly missing: readonly Receiver[];
}

/** What became of an announcement. */
export interface Outcome {
  readonly announcement: Announcement;
  /** Who still has not taken it. */
  readonly missing: readonly Receiver[];
}

/** Whom a rule has to tell of a change: that an alert fires, or does no longer. */
export function receiversOf(rule: AlertRule, { to }: AlertChange): readonly Receiver[] {
  const isRetrained = rule.kind === "drift" && rule.retrain !== undefined && to === "firing";
  return [
    ...(rule.webhook === undefined ? [] : (["webhook"] as const)),
    ...(isRetrained ? (["retrain"] as const) : []),
  ];
}

/**
 * What is written down of an outcome, where it is news. The store has one answer for each change: where
 * one of two receivers took it, a receipt says whether that was the training, so that after a restart
 * only the other is told again.
 */
export function notesOf({ announcement, missing }: Outcome): AlertChange[] {
  const { change, missing: before } = announcement;
  const delivered = missing.length === 0;
  const isPartly = !delivered && missing.length < before.length;
  const receipt = {
    from: "firing",
    to: "firing",
    delivered: !missing.includes("retrain"),
  } as const;
  return [
    ...(delivered === change.delivered ? [] : [{ ...change, delivered }]),
    ...(isPartly ? [{ ...change, ...receipt }] : []),
  ];
}

/** Whether it says who took a change, and is none itself: it leads from a state to the same. */
export function isReceipt({ from, to }: AlertChange): boolean {
  return from === to;
}

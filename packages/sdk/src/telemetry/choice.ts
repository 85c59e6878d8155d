import { isRecord } from "../is-record.ts";

/** Under which the store has it, among what telemetry remembers. */
export const CHOICE = "consent";

/** What the app's user said about telemetry. */
export type Choice = "granted" | "denied";

/** The same, with a number: what was said later has a greater one. */
export interface SaidChoice {
  readonly choice: Choice;
  readonly key: number;
}

/** What the store has, where it is a choice. */
export function soundChoice(stored: unknown): SaidChoice | undefined {
  // Before version 6 of the store there were no numbers.
  const { choice, key } = isRecord(stored) ? stored : { choice: stored, key: 0 };
  if (choice !== "granted" && choice !== "denied") return undefined;
  return typeof key === "number" && Number.isFinite(key) ? { choice, key } : { choice, key: 0 };
}

/** Which of two was said last. */
export function saidLast(
  a: SaidChoice | undefined,
  b: SaidChoice | undefined,
): SaidChoice | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return b.key > a.key ? b : a;
}

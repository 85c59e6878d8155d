import { commitRequest } from "./commit-request.ts";
import type { AnswerSummary } from "./database.ts";
import type { LeftAnswers, LeftDatabase } from "./left-database.ts";

/** Under which `telemetry` has the last key of what was taken in: up to there it is only to be deleted. */
export const TAKEN_IN = "left answers";

/** What is used of the store that has what was taken in. */
interface Memory {
  get(key: string): Promise<unknown>;
  put(value: unknown, key: string): Promise<unknown>;
}

/** Leaves answers of a page that may be going away. */
export async function leaveAnswers(
  database: LeftDatabase,
  answers: readonly AnswerSummary[],
): Promise<void> {
  const doing = "keeping answers of a page that goes away";
  const how = { doing, stores: ["answers"], mode: "readwrite" } as const;
  await database.transact(how, (transaction) =>
    commitRequest(transaction, transaction.store.add({ answers, leftAt: Date.now() })),
  );
}

/** What pages have left, oldest first. */
export function readLeftAnswers(database: LeftDatabase): Promise<readonly LeftAnswers[]> {
  const doing = "looking for answers that pages left";
  const how = { doing, stores: ["answers"], mode: "readonly" } as const;
  // Under keys that the store does not give there is nothing of ours.
  const keys = IDBKeyRange.upperBound(Number.MAX_SAFE_INTEGER);
  return database.transact(how, (transaction) =>
    commitRequest(transaction, transaction.store.getAll(keys)),
  );
}

/** Deletes what was left up to this key. */
export async function removeLeftAnswers(database: LeftDatabase, upTo: number): Promise<void> {
  const doing = "deleting answers that pages left";
  const how = { doing, stores: ["answers"], mode: "readwrite" } as const;
  await database.transact(how, (transaction) =>
    commitRequest(transaction, transaction.store.delete(IDBKeyRange.upperBound(upTo))),
  );
}

/**
 * Writes down that all of these are taken in, in the transaction that does so: a browser that is killed
 * before they are deleted doubles nothing, and nobody who has read them brings back what was erased.
 *
 * @returns those that nobody had taken in before
 */
export async function noteTakenIn(
  memory: Memory,
  left: readonly LeftAnswers[],
): Promise<readonly LeftAnswers[]> {
  const noted = await memory.get(TAKEN_IN);
  const before = typeof noted === "number" && Number.isFinite(noted) ? noted : 0;
  const untaken = left.filter(({ key = 0 }) => key > before);
  const last = untaken.at(-1)?.key;
  if (last !== undefined) await memory.put(last, TAKEN_IN);
  return untaken;
}

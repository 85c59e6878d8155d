import type { DBSchema, IDBPDatabase, IDBPTransaction, StoreNames } from "idb";
import type { Choice } from "../telemetry/choice.ts";
import type { LeftBatch } from "../telemetry/outbox-record.ts";
import { Connection } from "./connection.ts";
import type { AnswerSummary } from "./database.ts";

/** Answers as a page left them that went away. */
export interface LeftAnswers {
  /** Given by the store: greater than that of all that were left before. */
  readonly key?: number;
  readonly answers: readonly AnswerSummary[];
  /** Milliseconds since 1970. */
  readonly leftAt: number;
}

export interface LeftSchema extends DBSchema {
  batches: { key: number; value: LeftBatch };
  /** What the user said last about telemetry, and nothing else. */
  choices: { key: number; value: { readonly choice: Choice; readonly key?: number } };
  answers: { key: number; value: LeftAnswers };
}

/**
 * What pages write that may be going away, in a database of its own. In one database a write waits for any
 * other that is in progress, of this page or another tab's and to whichever of its stores, and goes with
 * that where the browser ends the page. Each transaction here makes its requests at once and is committed
 * with them: none waits for a page to go on.
 */
export class LeftDatabase extends Connection<LeftSchema> {
  constructor() {
    super({ name: "selvedge-left", version: 2, upgrade });
  }
}

async function upgrade(
  database: IDBPDatabase<LeftSchema>,
  from: number,
  transaction: IDBPTransaction<LeftSchema, StoreNames<LeftSchema>[], "versionchange">,
): Promise<void> {
  const added = from < 1 ? (["batches", "choices", "answers"] as const) : (["answers"] as const);
  for (const name of added) {
    database.createObjectStore(name, { keyPath: "key", autoIncrement: true });
    const store = transaction.objectStore(name);
    // Keys go on from here: greater than those of a database that was deleted before.
    const first = { key: Date.now() } as never;
    await store.delete(await store.add(first));
  }
}

import { commitRequest } from "../store/commit-request.ts";
import type { Database } from "../store/database.ts";
import type { LeftBatch } from "./outbox-record.ts";

/** How many are read at once. What lies beyond is there for the next look. */
const MOST_READ = 256;

/** The keys that the store gives. Under another key there is nothing of ours. */
export function leftKeys(): IDBKeyRange {
  return IDBKeyRange.upperBound(Number.MAX_SAFE_INTEGER);
}

/**
 * Batches of pages that went away, in a store of their own: what a page writes as it goes has to wait for
 * whatever is in progress over the same store, of this page or another tab's, and goes with that where the
 * browser ends the page. So each transaction here makes its requests at once and is committed with them,
 * and none but an erasure covers this store and another.
 */
export class LeftBatches {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Leaves all of them, or none. */
  async add(all: readonly LeftBatch[]): Promise<void> {
    const doing = "keeping telemetry of a page that goes away";
    const how = { doing, stores: ["left"], mode: "readwrite" } as const;
    await this.#database.transact(how, (transaction) =>
      commitRequest(transaction, Promise.all(all.map(async (one) => transaction.store.add(one)))),
    );
  }

  /** What was left, oldest first. */
  read(): Promise<readonly LeftBatch[]> {
    const doing = "looking for telemetry of pages that went away";
    const how = { doing, stores: ["left"], mode: "readonly" } as const;
    return this.#database.transact(how, (transaction) =>
      commitRequest(transaction, transaction.store.getAll(leftKeys(), MOST_READ)),
    );
  }

  /** Deletes what was left up to this key. */
  async remove(upTo: number): Promise<void> {
    const doing = "taking over telemetry of pages that went away";
    const how = { doing, stores: ["left"], mode: "readwrite" } as const;
    await this.#database.transact(how, (transaction) =>
      commitRequest(transaction, transaction.store.delete(IDBKeyRange.upperBound(upTo))),
    );
  }
}

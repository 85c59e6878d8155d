import { commitRequest } from "../store/commit-request.ts";
import type { Database } from "../store/database.ts";
import type { Choice, SaidChoice } from "./choice.ts";
import { soundChoice } from "./choice.ts";
import type { LeftBatch } from "./outbox-record.ts";

/** How many batches are read at once. What lies beyond is there for the next look. */
const MOST_READ = 256;

/** What pages have left. */
export interface Left {
  /** Oldest first. */
  readonly batches: readonly LeftBatch[];
  /** What the user said last. */
  readonly said: SaidChoice | undefined;
}

/** The keys that the store gives. Under another key there is nothing of ours. */
export function leftKeys(): IDBKeyRange {
  return IDBKeyRange.upperBound(Number.MAX_SAFE_INTEGER);
}

/**
 * What pages write that may be going away, in stores of its own: such a write has to wait for whatever is in
 * progress over the same store, of this page or another tab's, and goes with that where the browser ends
 * the page. So each transaction here makes its requests at once and is committed with them, and none but an
 * erasure covers these stores and others.
 */
export class LeftRecords {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Leaves all of them, or none. */
  async add(batches: readonly LeftBatch[]): Promise<void> {
    const doing = "keeping telemetry of a page that goes away";
    const how = { doing, stores: ["left"], mode: "readwrite" } as const;
    await this.#database.transact(how, (transaction) =>
      commitRequest(
        transaction,
        Promise.all(batches.map(async (one) => transaction.store.add(one))),
      ),
    );
  }

  /** Leaves what the user said, in the place of what they said before. @returns its number */
  choose(choice: Choice): Promise<number> {
    const how = { doing: "remembering a choice", stores: ["choices"], mode: "readwrite" } as const;
    return this.#database.transact(how, async (transaction) => {
      const { store } = transaction;
      const [, key] = await commitRequest(
        transaction,
        Promise.all([(async () => store.clear())(), (async () => store.add({ choice }))()]),
      );
      return key;
    });
  }

  async read(): Promise<Left> {
    const doing = "looking for what pages left that went away";
    const how = { doing, stores: ["left", "choices"], mode: "readonly" } as const;
    return this.#database.transact(how, async (transaction) => {
      const left = transaction.objectStore("left");
      const choices = transaction.objectStore("choices");
      const [batches, said] = await commitRequest(
        transaction,
        Promise.all([
          (async () => left.getAll(leftKeys(), MOST_READ))(),
          (async () => choices.getAll())(),
        ]),
      );
      return { batches, said: soundChoice(said.at(-1)) };
    });
  }

  /** Deletes batches that were left up to this key. */
  async remove(upTo: number): Promise<void> {
    const doing = "taking over telemetry of pages that went away";
    const how = { doing, stores: ["left"], mode: "readwrite" } as const;
    await this.#database.transact(how, (transaction) =>
      commitRequest(transaction, transaction.store.delete(IDBKeyRange.upperBound(upTo))),
    );
  }
}

import { commitRequest } from "../store/commit-request.ts";
import type { LeftDatabase } from "../store/left-database.ts";
import { type Choice, type SaidChoice, soundChoice } from "./choice.ts";
import type { LeftBatch } from "./outbox-record.ts";

/** How many batches are read at once, unless all are asked for. */
const MOST_READ = 256;

/** The most that a store is asked for. */
export const EVERYTHING_LEFT: number = 2 ** 32 - 1;

/** What pages have left. */
export interface Left {
  /** Oldest first. */
  readonly batches: readonly LeftBatch[];
  /** What the user said last. */
  readonly said: SaidChoice | undefined;
}

/** Telemetry that pages have left, and what their user said of it. */
export class LeftRecords {
  readonly #database: LeftDatabase;

  constructor(database: LeftDatabase) {
    this.#database = database;
  }

  /** Leaves all of them, or none. */
  async add(batches: readonly LeftBatch[]): Promise<void> {
    const doing = "keeping telemetry of a page that goes away";
    const how = { doing, stores: ["batches"], mode: "readwrite" } as const;
    await this.#database.transact(how, (transaction) => {
      const { store } = transaction;
      return commitRequest(transaction, Promise.all(batches.map(async (one) => store.add(one))));
    });
  }

  /** Leaves what the user said, in the place of what they said before. @returns its number */
  choose(choice: Choice): Promise<number> {
    const how = { doing: "remembering a choice", stores: ["choices"], mode: "readwrite" } as const;
    return this.#database.transact(how, async (transaction) => {
      const { store } = transaction;
      const clearing = async () => store.clear();
      const adding = async () => store.add({ choice });
      const [, key] = await commitRequest(transaction, Promise.all([clearing(), adding()]));
      return key;
    });
  }

  /** @param most how many batches */
  read(most: number = MOST_READ): Promise<Left> {
    const doing = "looking for what pages left that went away";
    const how = { doing, stores: ["batches", "choices"], mode: "readonly" } as const;
    return this.#database.transact(how, async (transaction) => {
      // Under keys that the store does not give there is nothing of ours.
      const keys = IDBKeyRange.upperBound(Number.MAX_SAFE_INTEGER);
      const batches = async () => transaction.objectStore("batches").getAll(keys, most);
      const choices = async () => transaction.objectStore("choices").getAll();
      const all = await commitRequest(transaction, Promise.all([batches(), choices()]));
      return { batches: all[0], said: soundChoice(all[1].at(-1)) };
    });
  }

  /** Deletes batches that were left up to this key. */
  async remove(upTo: number): Promise<void> {
    const doing = "deleting what pages left that went away";
    const how = { doing, stores: ["batches"], mode: "readwrite" } as const;
    await this.#database.transact(how, (transaction) =>
      commitRequest(transaction, transaction.store.delete(IDBKeyRange.upperBound(upTo))),
    );
  }
}

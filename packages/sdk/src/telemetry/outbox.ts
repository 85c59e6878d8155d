import type { OtlpMetricsRequest } from "@selvedge/protocol";
import type { Database } from "../store/database.ts";
import { storageError } from "../store/storage-error.ts";

/** Past this many batches the oldest are dropped: a collector that is gone must not fill the disk. */
const MOST_BATCHES = 500;

/** Telemetry that has not been acknowledged, in the order it was made. Survives the page. */
export class Outbox {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async add(batch: OtlpMetricsRequest): Promise<void> {
    try {
      const transaction = (await this.#database.connect()).transaction("outbox", "readwrite");
      await transaction.store.add(batch);
      const keys = await transaction.store.getAllKeys();
      await Promise.all([
        ...keys
          .slice(0, Math.max(0, keys.length - MOST_BATCHES))
          .map((key) => transaction.store.delete(key)),
        transaction.done,
      ]);
    } catch (error) {
      throw storageError(error, "keeping telemetry until it is sent");
    }
  }

  async oldest(): Promise<{ key: number; batch: OtlpMetricsRequest } | undefined> {
    const store = (await this.#database.connect()).transaction("outbox").store;
    const cursor = await store.openCursor();
    return cursor === null ? undefined : { key: cursor.key, batch: cursor.value };
  }

  async remove(key: number): Promise<void> {
    await (await this.#database.connect()).delete("outbox", key);
  }
}

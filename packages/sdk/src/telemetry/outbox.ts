import type { OtlpMetricsRequest } from "@selvedge/protocol";
import type { Database } from "../store/database.ts";

/** Past this many batches the oldest are dropped: a collector that is gone must not fill the disk. */
const MOST_BATCHES = 500;

/** Telemetry that has not been acknowledged, in the order it was made. Survives the page. */
export class Outbox {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async add(batch: OtlpMetricsRequest): Promise<void> {
    await this.#database.use("keeping telemetry until it is sent", async (connection) => {
      const { store, done } = connection.transaction("outbox", "readwrite");
      await store.add(batch);
      const keys = await store.getAllKeys();
      const tooOld = keys.slice(0, Math.max(0, keys.length - MOST_BATCHES));
      await Promise.all([...tooOld.map((key) => store.delete(key)), done]);
    });
  }

  async oldest(): Promise<{ key: number; batch: OtlpMetricsRequest } | undefined> {
    return this.#database.use("reading telemetry that waits", async (connection) => {
      const cursor = await connection.transaction("outbox").store.openCursor();
      return cursor === null ? undefined : { key: cursor.key, batch: cursor.value };
    });
  }

  async remove(key: number): Promise<void> {
    await this.#database.use("removing telemetry that was sent", (connection) =>
      connection.delete("outbox", key),
    );
  }
}

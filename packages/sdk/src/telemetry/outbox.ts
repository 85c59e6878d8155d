import type { OtlpBatch } from "@selvedge/protocol";
import type { Database } from "../store/database.ts";

/** Past this many batches the oldest are dropped: a collector that is gone must not fill the disk. */
const MOST_BATCHES = 500;

const OUTBOX = { stores: ["outbox"], mode: "readwrite" } as const;

/** Telemetry that has not been acknowledged, in the order it was made. Survives the page. */
export class Outbox {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async add(batch: OtlpBatch): Promise<void> {
    const doing = "keeping telemetry until it is sent";
    await this.#database.transact({ doing, ...OUTBOX }, async ({ store }) => {
      await store.add(batch);
      const keys = await store.getAllKeys();
      const tooOld = keys.slice(0, Math.max(0, keys.length - MOST_BATCHES));
      await Promise.all(tooOld.map(async (key) => store.delete(key)));
    });
  }

  async oldest(): Promise<{ key: number; batch: OtlpBatch } | undefined> {
    const doing = "reading telemetry that waits";
    return this.#database.transact({ doing, ...OUTBOX }, async ({ store }) => {
      const cursor = await store.openCursor();
      return cursor === null ? undefined : { key: cursor.key, batch: cursor.value };
    });
  }

  async remove(key: number): Promise<void> {
    const doing = "removing telemetry that was sent";
    await this.#database.transact({ doing, ...OUTBOX }, ({ store }) => store.delete(key));
  }
}

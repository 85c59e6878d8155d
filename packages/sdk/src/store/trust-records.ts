import { SelvedgeError } from "@selvedge/protocol";
import type { Database, TrustKey, TrustRecord } from "./database.ts";

/**
 * The signed documents that were believed last. Where the browser keeps nothing, they are remembered
 * until the keeper ends.
 */
export class TrustRecords {
  readonly #database: Database;
  readonly #unstored = new Map<string, TrustRecord>();

  constructor(database: Database) {
    this.#database = database;
  }

  /** The root document that was found newest under some anchors. */
  async root(registry: string, anchors: string): Promise<TrustRecord | undefined> {
    const key: TrustKey = ["root", registry, anchors];
    const stored = await this.#whereStored("looking for a trusted root document", (connection) =>
      connection.get("trust", key),
    );
    return newest([stored, this.#unstored.get(JSON.stringify(key))]);
  }

  /** The channel documents of a model that were believed, under whatever anchors. */
  async channels(registry: string, name: string): Promise<TrustRecord[]> {
    const first = ["channels", registry, name];
    // A list sorts after every string, so that this is every key that begins with these three.
    const range = IDBKeyRange.bound(first, [...first, []]);
    const stored = await this.#whereStored("looking for trusted channels", (connection) =>
      connection.getAll("trust", range),
    );
    const prefix = JSON.stringify(first).slice(0, -1);
    const unstored = [...this.#unstored].flatMap(([key, record]) =>
      key.startsWith(`${prefix},`) ? [record] : [],
    );
    return [...(stored ?? []), ...unstored];
  }

  /**
   * Remembers a document, unless another tab has changed what is remembered since it was read.
   *
   * @param before what was read, for which this was found to be a successor
   */
  async replace(
    key: TrustKey,
    record: TrustRecord,
    before: readonly TrustRecord[],
  ): Promise<boolean> {
    const isReplaced = await this.#whereStored(
      "remembering what is trusted",
      async (connection) => {
        const { store, done } = connection.transaction("trust", "readwrite");
        const present = await store.get(key);
        const isKnown = present === undefined || before.some(({ text }) => text === present.text);
        if (isKnown) await store.put(record, key);
        await done;
        return isKnown;
      },
    );
    if (isReplaced === undefined) this.#unstored.set(JSON.stringify(key), record);
    return isReplaced ?? true;
  }

  /** @returns `undefined` where the browser stores nothing, or has no more room */
  async #whereStored<T>(
    doing: string,
    run: Parameters<typeof Database.prototype.use<T>>[1],
  ): Promise<T | undefined> {
    try {
      return await this.#database.use(doing, run);
    } catch (error) {
      const isRefused =
        error instanceof SelvedgeError &&
        (error.code === "storage-unavailable" || error.code === "storage-full");
      if (isRefused) return undefined;
      throw error;
    }
  }
}

function newest(records: readonly (TrustRecord | undefined)[]): TrustRecord | undefined {
  return records
    .filter((record) => record !== undefined)
    .sort((a, b) => b.sequence - a.sequence)[0];
}

import type { Database, DownloadRecord } from "./database.ts";

/** A download that stored nothing for this long was given up. Longer than any host may stall. */
const GIVEN_UP_AFTER_MS = 120_000;

/** How often a download says that it goes on. */
const BEAT_MS = 20_000;

/**
 * Says of a download, in the store, that it is under way: what it has gathered is then evicted by no
 * tab. One that ends without an `end` is taken to be given up after two minutes.
 */
export class DownloadMark {
  readonly #database: Database;
  readonly #key: string;
  readonly #record: Omit<DownloadRecord, "seenAt">;
  #saidAt = Number.NEGATIVE_INFINITY;

  constructor(database: Database, key: string, record: Omit<DownloadRecord, "seenAt">) {
    this.#database = database;
    this.#key = key;
    this.#record = record;
  }

  /** Says that it goes on. Cheap: writes every twenty seconds, and whether it can is no matter. */
  async beat(): Promise<void> {
    const now = Date.now();
    if (Math.abs(now - this.#saidAt) < BEAT_MS) return;
    this.#saidAt = now;
    await this.#write({ ...this.#record, seenAt: now });
  }

  async end(): Promise<void> {
    await this.#write(undefined);
  }

  async #write(record: DownloadRecord | undefined): Promise<void> {
    const how = {
      doing: "noting a download",
      stores: ["downloads"],
      mode: "readwrite",
    } as const;
    await this.#database
      .transact(how, async ({ store }) => {
        if (record === undefined) await store.delete(this.#key);
        else await store.put(record, this.#key);
      })
      .catch(() => undefined);
  }
}

/** Whether a download is under way, by a clock that may have been set meanwhile. */
export function isUnderWay(record: unknown, now: number = Date.now()): record is DownloadRecord {
  if (typeof record !== "object" || record === null) return false;
  const { blobs, packs, seenAt } = record as Partial<Record<keyof DownloadRecord, unknown>>;
  return (
    isTexts(blobs) &&
    isTexts(packs) &&
    typeof seenAt === "number" &&
    Math.abs(now - seenAt) < GIVEN_UP_AFTER_MS
  );
}

function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((each) => typeof each === "string");
}

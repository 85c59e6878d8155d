import type { Dtype, OtlpMetricsRequest } from "@selvedge/protocol";
import {
  type DBSchema,
  type IDBPDatabase,
  type IDBPTransaction,
  openDB,
  type StoreNames,
} from "idb";
import { storageError } from "./storage-error.ts";

const DATABASE = "selvedge";
const SCHEMA_VERSION = 2;

/** A pack whose pieces are all in the store. */
export interface PackRecord {
  readonly digest: string;
  readonly registry: string;
  readonly name: string;
  readonly version: string;
  /** The manifest's text, as its digest was taken over it. */
  readonly manifest: string;
  /** The variants that are complete. */
  readonly dtypes: readonly Dtype[];
  readonly installedAt: number;
  readonly usedAt: number;
  /** The text of `manifest.sig`, where a page with keys has found that it holds. */
  readonly signature?: string;
  /** The ids of the keys that signed, by the trust anchors that they were believed under. */
  readonly signedBy?: Readonly<Record<string, readonly string[]>>;
}

/** A pack, in one of its precisions. */
export interface PackChoice {
  readonly digest: string;
  readonly dtype: Dtype;
}

/** What answers for a selector. */
export interface ActivationRecord {
  readonly current: PackChoice;
  /** Whether `current` has given its golden answers on this device. */
  readonly isProven: boolean;
  /** What served before it: gone back to where `current` fails, or cannot be opened any more. */
  readonly lastGood?: PackChoice;
  /** An update that is complete, and answers once it is proven. */
  readonly next?: PackChoice;
  /** Packs that failed on this device, the latest last: not fetched again. */
  readonly refused: readonly Refusal[];
}

/** A pack that failed, and the runtimes it failed on: with others it is tried again. */
interface Refusal {
  readonly digest: string;
  readonly runtime: string;
}

/** Something that one tab at a time may do, where the browser has no Web Locks. */
export interface LeaseRecord {
  /** Who holds it. */
  readonly owner: string;
  /** Milliseconds since 1970, after which anyone may take it. */
  readonly until: number;
}

/**
 * The newest of a kind of signed document that was believed, as it was signed, so that it can be
 * verified again when the keys have changed.
 */
export interface TrustRecord {
  readonly text: string;
  /** The sequence of a channel document, or the version of a root document. */
  readonly sequence: number;
}

/** Trust anchors are told apart by the digest of their text. A root document is no model's. */
export type TrustKey =
  | [kind: "channels", registry: string, name: string, anchors: string]
  | [kind: "root", registry: string, anchors: string];

/** One verified piece of a blob is one record, so that damage and eviction cost only that piece. */
export type PieceKey = [sha256: string, index: number];

export interface StoreSchema extends DBSchema {
  packs: { key: string; value: PackRecord };
  activations: { key: string; value: ActivationRecord };
  // ArrayBuffers, never Blobs: WebKit aborts the whole transaction on a Blob.
  pieces: { key: PieceKey; value: ArrayBuffer };
  outbox: { key: number; value: OtlpMetricsRequest };
  leases: { key: string; value: LeaseRecord };
  trust: { key: TrustKey; value: TrustRecord };
}

/**
 * The connection to IndexedDB: opened when first needed, closed when another tab wants to upgrade or
 * delete the database, and opened again after that.
 */
export class Database {
  #connection: Promise<IDBPDatabase<StoreSchema>> | undefined;

  /**
   * Runs something on the connection.
   *
   * @param doing what to call it in errors
   * @throws SelvedgeError `storage-unavailable` where IndexedDB is refused, `storage-full` where the
   * quota is used up.
   */
  async use<T>(
    doing: string,
    run: (connection: IDBPDatabase<StoreSchema>) => Promise<T>,
  ): Promise<T> {
    try {
      return await run(await this.#connect());
    } catch (error) {
      throw storageError(error, doing);
    }
  }

  async close(): Promise<void> {
    const connection = this.#connection;
    this.#connection = undefined;
    (await connection?.catch(() => undefined))?.close();
  }

  async #connect(): Promise<IDBPDatabase<StoreSchema>> {
    try {
      // Where an origin is opaque, opening throws before there is a promise.
      this.#connection ??= this.#open();
      return await this.#connection;
    } catch (error) {
      this.#connection = undefined;
      throw error;
    }
  }

  #open(): Promise<IDBPDatabase<StoreSchema>> {
    return openDB<StoreSchema>(DATABASE, SCHEMA_VERSION, {
      upgrade: (database, from, _to, transaction) => upgrade(database, from, transaction),
      blocking: (_current, _blocked, event) => {
        this.#connection = undefined;
        if (event.target instanceof IDBDatabase) event.target.close();
      },
      terminated: () => {
        this.#connection = undefined;
      },
    });
  }
}

/** Brings a database of any earlier version to this one. Nothing in it is lost. */
async function upgrade(
  database: IDBPDatabase<StoreSchema>,
  from: number,
  transaction: IDBPTransaction<StoreSchema, StoreName[], "versionchange">,
): Promise<void> {
  if (from < 1) {
    database.createObjectStore("packs", { keyPath: "digest" });
    database.createObjectStore("activations");
    database.createObjectStore("pieces");
    database.createObjectStore("outbox", { autoIncrement: true });
  }
  if (from < 2) {
    database.createObjectStore("leases");
    database.createObjectStore("trust");
    const store = transaction.objectStore("activations");
    for (let cursor = await store.openCursor(); cursor; cursor = await cursor.continue()) {
      // Version 1 kept the choice alone, of packs that had all served.
      const current = cursor.value as unknown as PackChoice;
      await cursor.update({ current, isProven: true, refused: [] });
    }
  }
}

type StoreName = StoreNames<StoreSchema>;

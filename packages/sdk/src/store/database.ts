import type { Dtype, OtlpMetricsRequest } from "@selvedge/protocol";
import { type DBSchema, type IDBPDatabase, openDB } from "idb";
import type { PackSelector } from "../worker/keeper-api.ts";
import { storageError } from "./storage-error.ts";

const DATABASE = "selvedge";
const SCHEMA_VERSION = 1;

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
}

/** Which pack answers for a selector. */
export interface ActivationRecord {
  readonly digest: string;
  readonly dtype: Dtype;
}

/** One verified piece of a blob is one record, so that damage and eviction cost only that piece. */
export type PieceKey = [sha256: string, index: number];

export interface StoreSchema extends DBSchema {
  packs: { key: string; value: PackRecord };
  activations: { key: string; value: ActivationRecord };
  // ArrayBuffers, never Blobs: WebKit aborts the whole transaction on a Blob.
  pieces: { key: PieceKey; value: ArrayBuffer };
  outbox: { key: number; value: OtlpMetricsRequest };
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
      upgrade(database) {
        database.createObjectStore("packs", { keyPath: "digest" });
        database.createObjectStore("activations");
        database.createObjectStore("pieces");
        database.createObjectStore("outbox", { autoIncrement: true });
      },
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

/** The key under which a selector's activation is kept. */
export function activationKey(selector: PackSelector): string {
  const { registry, name, channel, version, dtype, backend } = selector;
  // "auto" may mean another dtype on another backend.
  const place = backend === "wasm" ? [] : [backend];
  return JSON.stringify([registry, name, version ?? `#${channel}`, dtype, ...place]);
}

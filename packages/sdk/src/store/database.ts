import type { Dtype, PredictionRecord } from "@selvedge/protocol";
import {
  type DBSchema,
  type IDBPDatabase,
  type IDBPTransaction,
  openDB,
  type StoreNames,
} from "idb";
import type { Choice } from "../telemetry/choice.ts";
import type { LeftBatch, OutboxRecord } from "../telemetry/outbox-record.ts";
import type { Tensors } from "../tensor.ts";
import type { ImagePlace } from "../worker/engine-api.ts";
import type { VerdictKey, VerdictRecord } from "../worker/keeper-api.ts";
import { MemoryLayer } from "./memory-layer.ts";
import { isUnavailable, storageError } from "./storage-error.ts";
import { SCHEMA_VERSION, upgradeDatabase } from "./upgrade-database.ts";

const DATABASE = "selvedge";

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

/** A download that is under way, or was given up: whose pieces and packs are not to be evicted while it lasts. */
export interface DownloadRecord {
  /** Digests of the blobs it gathers, or makes others of. */
  readonly blobs: readonly string[];
  /** Digests of the packs that have to stay meanwhile. */
  readonly packs: readonly string[];
  /** Milliseconds since 1970 when it last stored something. */
  readonly seenAt: number;
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

/** What is remembered of an answer, so that the truth can be held against it when it comes. */
export interface AnswerSummary {
  readonly id: string;
  readonly model: string;
  readonly version: string;
  readonly dtype: string;
  readonly backend: string;
  /** The class that was predicted. Never leaves the device unless the manifest's reference has it. */
  readonly predicted?: string;
  /** The classes that the manifest's reference has. */
  readonly classes?: readonly string[];
  /** How likely the model said that class to be: from 0 to 1. */
  readonly confidence?: number;
  /** The number that was predicted, where the answer is one. Never leaves the device. */
  readonly value?: number;
  /** Whether its truth has come. */
  readonly isJudged?: boolean;
}

/** A prediction that was written down, and with the app's consent what went in and came out. */
export interface StoredPrediction extends PredictionRecord {
  readonly captured?: { readonly inputs: Tensors; readonly outputs: Tensors };
  readonly answer?: AnswerSummary;
}

/** What is kept under the key of an image. */
export type ImageRecord = KeptImage | BarredImage;

interface ImageOf {
  readonly key: string;
  /** Digest of the pack. */
  readonly pack: string;
  readonly dtype: Dtype;
  /** Milliseconds since 1970. */
  readonly madeAt: number;
}

/** An image that is whole: its pages were written before this. */
export interface KeptImage extends ImageOf {
  readonly kind: "kept";
  /** Text of its head. */
  readonly head: string;
  /** SHA-256 of that text, in lower-case hex. */
  readonly headDigest: string;
  /** Of its pages. */
  readonly bytes: number;
  readonly place: ImagePlace;
  /** Milliseconds since 1970. */
  readonly usedAt: number;
}

/** A key that no image is woken or written under. */
export interface BarredImage extends ImageOf {
  readonly kind: "quarantined" | "not worth it";
  readonly reason: string;
}

/** Pages of an image: at most 4 MiB, counted from 0. */
type ImagePagesKey = [image: string, index: number];

/** What lies beside a runtime's files, as it was read last. */
export interface RuntimeIndexRecord {
  /** Empty where the host has none. */
  readonly text: string;
  /** SHA-256 of that, in lower-case hex. */
  readonly digest: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** One verified piece of a blob is one record, so that damage and eviction cost only that piece. */
export type PieceKey = [sha256: string, index: number];

export interface StoreSchema extends DBSchema {
  packs: { key: string; value: PackRecord };
  activations: { key: string; value: ActivationRecord };
  // ArrayBuffers, never Blobs: WebKit aborts the whole transaction on a Blob.
  pieces: { key: PieceKey; value: ArrayBuffer };
  outbox: { key: number; value: OutboxRecord };
  /** What pages leave as they go away, for the outbox. */
  left: { key: number; value: LeftBatch };
  /** What the user said last about telemetry, and nothing else. */
  choices: { key: number; value: { readonly choice: Choice; readonly key?: number } };
  leases: { key: string; value: LeaseRecord };
  /** By pack digest and dtype. */
  downloads: { key: string; value: DownloadRecord };
  trust: { key: TrustKey; value: TrustRecord };
  verdicts: { key: VerdictKey; value: VerdictRecord };
  /** What telemetry has to remember, by name: each of its rooms checks what it reads. */
  telemetry: { key: string; value: unknown };
  predictions: { key: string; value: StoredPrediction; indexes: { at: number } };
  /** By key; `pack` is the digest of the pack. */
  images: { key: string; value: ImageRecord; indexes: { pack: string } };
  imagePages: { key: ImagePagesKey; value: ArrayBuffer };
  /** By the URL of the index. */
  runtimes: { key: string; value: RuntimeIndexRecord };
}

/** The store's parts, as transactions name them. */
export type StoreName = StoreNames<StoreSchema>;

/** A transaction over some parts of the store. */
type Transaction<
  Names extends readonly StoreName[],
  Mode extends "readonly" | "readwrite",
> = IDBPTransaction<StoreSchema, [...Names], Mode>;

/**
 * The connection to IndexedDB: opened when first needed, closed when another tab wants to upgrade or
 * delete the database, and opened again after that. Beside it lies what IndexedDB did not take.
 */
export class Database {
  /** What is kept only as long as this worker lives. Looked at before IndexedDB is. */
  readonly memory: MemoryLayer = new MemoryLayer();
  #connection: Promise<IDBPDatabase<StoreSchema>> | undefined;

  /**
   * Runs something on the connection; once more where that was closed under it.
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
      const connection = this.#connect();
      const used = this.#connection;
      try {
        return await run(await connection);
      } catch (error) {
        if (used === undefined || used === this.#connection || !isOfClosed(error)) throw error;
        return await run(await this.#connect());
      }
    } catch (error) {
      throw storageError(error, doing);
    }
  }

  /**
   * Runs something in one transaction: all of it is done, or nothing. `run` may wait for the
   * transaction's own requests only, and leaves none that no one waits for: where several are made at
   * once, each in an async function, so that one which throws is heard among the others.
   *
   * @throws SelvedgeError as `use`
   */
  transact<const Names extends readonly StoreName[], Mode extends "readonly" | "readwrite", T>(
    { doing, stores, mode }: { doing: string; stores: Names; mode: Mode },
    run: (transaction: Transaction<Names, Mode>) => Promise<T>,
  ): Promise<T> {
    return this.use(doing, async (connection) => {
      const transaction = connection.transaction<[...Names], Mode>([...stores], mode);
      // Whatever it rejects with is thrown below; a rejection that no one hears is an error of the page.
      transaction.done.catch(() => undefined);
      try {
        const value = await run(transaction);
        await transaction.done;
        return value;
      } catch (error) {
        // A request that was caught up in it says only that it was; the transaction says why.
        const cause = transaction.error ?? error;
        abort(transaction);
        throw cause;
      }
    });
  }

  /** Reads in one transaction. Where IndexedDB is refused it holds nothing: `nothing` is the answer. */
  async read<const Names extends readonly StoreName[], T>(
    { doing, stores, nothing }: { doing: string; stores: Names; nothing: T },
    run: (transaction: Transaction<Names, "readonly">) => Promise<T>,
  ): Promise<T> {
    try {
      return await this.transact({ doing, stores, mode: "readonly" }, run);
    } catch (error) {
      if (isUnavailable(error)) return nothing;
      throw error;
    }
  }

  /** Whether IndexedDB can be used here at all. */
  canOpen(): Promise<boolean> {
    return this.#connect().then(
      () => true,
      () => false,
    );
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
      upgrade: (database, from, _to, transaction) => {
        // What goes wrong is told to whoever opens; half of an upgrade is none.
        transaction.done.catch(() => undefined);
        upgradeDatabase(database, from, transaction).catch(() => abort(transaction));
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

/** What a connection says that was closed meanwhile, and a transaction that was cut off by that. */
function isOfClosed(error: unknown): boolean {
  return error instanceof Error && ["InvalidStateError", "AbortError"].includes(error.name);
}

function abort(transaction: { abort(): void }): void {
  try {
    transaction.abort();
  } catch {
    // It is over already.
  }
}

import {
  type DBSchema,
  type IDBPDatabase,
  type IDBPTransaction,
  openDB,
  type StoreNames,
} from "idb";
import { isUnavailable, storageError } from "./storage-error.ts";

/** A database: what it is called, and how it comes to be. */
interface Shape<Schema extends DBSchema> {
  readonly name: string;
  readonly version: number;
  /** Brings one of an earlier version to this. */
  readonly upgrade: (
    database: IDBPDatabase<Schema>,
    from: number,
    transaction: IDBPTransaction<Schema, StoreNames<Schema>[], "versionchange">,
  ) => Promise<void>;
}

/** A transaction over some parts of a database. */
type Transaction<
  Schema extends DBSchema,
  Names extends readonly StoreNames<Schema>[],
  Mode extends "readonly" | "readwrite",
> = IDBPTransaction<Schema, [...Names], Mode>;

/**
 * A connection to IndexedDB: opened when first needed, closed when another tab wants to upgrade or
 * delete the database, and opened again after that.
 */
export class Connection<Schema extends DBSchema> {
  readonly #shape: Shape<Schema>;
  #connection: Promise<IDBPDatabase<Schema>> | undefined;

  constructor(shape: Shape<Schema>) {
    this.#shape = shape;
  }

  /**
   * Runs something on the connection; once more where that was closed under it.
   *
   * @param doing what to call it in errors
   * @throws SelvedgeError `storage-unavailable` where IndexedDB is refused, `storage-full` where the
   * quota is used up.
   */
  async use<T>(doing: string, run: (connection: IDBPDatabase<Schema>) => Promise<T>): Promise<T> {
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
  transact<
    const Names extends readonly StoreNames<Schema>[],
    Mode extends "readonly" | "readwrite",
    T,
  >(
    { doing, stores, mode }: { doing: string; stores: Names; mode: Mode },
    run: (transaction: Transaction<Schema, Names, Mode>) => Promise<T>,
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
  async read<const Names extends readonly StoreNames<Schema>[], T>(
    { doing, stores, nothing }: { doing: string; stores: Names; nothing: T },
    run: (transaction: Transaction<Schema, Names, "readonly">) => Promise<T>,
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

  async #connect(): Promise<IDBPDatabase<Schema>> {
    try {
      // Where an origin is opaque, opening throws before there is a promise.
      this.#connection ??= this.#open();
      return await this.#connection;
    } catch (error) {
      this.#connection = undefined;
      throw error;
    }
  }

  #open(): Promise<IDBPDatabase<Schema>> {
    const { name, version, upgrade } = this.#shape;
    return openDB<Schema>(name, version, {
      upgrade: (database, from, _to, transaction) => {
        // What goes wrong is told to whoever opens; half of an upgrade is none.
        transaction.done.catch(() => undefined);
        upgrade(database, from, transaction).catch(() => abort(transaction));
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

import type { DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import { givenUp } from "../given-up.ts";
import type { Asking } from "../store.ts";
import { type ReadRows, rowsOn } from "./read-rows.ts";

/** Answers a question that may take several queries; they all see the store as it was at one moment. */
export type Ask = <T>(question: (read: ReadRows) => Promise<T>, asking?: Asking) => Promise<T>;

/** Asks a store, and looks after it. */
export interface Reader {
  readonly ask: Ask;
  /** Runs what a store does besides, in a question's turn. */
  readonly inTurn: <T>(work: () => Promise<T>) => Promise<T>;
}

/**
 * A running query holds one of Node's four worker threads, whoever asked it. One is left to commits, and
 * one to what has to be unpacked and synced before a batch is acknowledged: neither a dashboard that is
 * looked at nor rolling up holds up what devices send.
 */
const AT_ONCE = 2;

const INTERRUPT_EVERY_MS = 20;

/**
 * Asks on connections of its own, so that no question waits for a commit. One whose signal aborts is
 * interrupted, or never asked where it still waits for its turn.
 */
export function createReader(instance: DuckDBInstance): Reader {
  let running = 0;
  const waiting = new Set<() => void>();

  const takeTurn = async (signal: AbortSignal | undefined): Promise<void> => {
    if (signal?.aborted) throw givenUp();
    if (running < AT_ONCE) {
      running += 1;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const begin = () => {
        signal?.removeEventListener("abort", leave);
        resolve();
      };
      const leave = () => {
        waiting.delete(begin);
        reject(givenUp());
      };
      signal?.addEventListener("abort", leave, { once: true });
      waiting.add(begin);
    });
  };
  const giveTurn = (): void => {
    // Whoever waits longest takes the place over; it is given back when nobody does.
    const [next] = waiting;
    if (next === undefined) running -= 1;
    else {
      waiting.delete(next);
      next();
    }
  };

  const inTurn = async <T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> => {
    await takeTurn(signal);
    try {
      return await work();
    } finally {
      giveTurn();
    }
  };
  return {
    ask: (question, { signal } = {}) => inTurn(() => answer(instance, question, signal), signal),
    inTurn: (work) => inTurn(work),
  };
}

async function answer<T>(
  instance: DuckDBInstance,
  question: (read: ReadRows) => Promise<T>,
  signal: AbortSignal | undefined,
): Promise<T> {
  const connection = await instance.connect();
  let again: NodeJS.Timeout | undefined;
  const interrupt = () => {
    connection.interrupt();
    // A query that is only just about to run forgets that it was interrupted.
    again = setTimeout(interrupt, INTERRUPT_EVERY_MS);
  };
  signal?.addEventListener("abort", interrupt);
  try {
    await connection.run("BEGIN TRANSACTION READ ONLY");
    return await question(whileAsked(connection, signal));
  } catch (error) {
    throw signal?.aborted ? givenUp() : error;
  } finally {
    signal?.removeEventListener("abort", interrupt);
    clearTimeout(again);
    // Closing it ends its transaction, which has nothing to be committed.
    connection.closeSync();
  }
}

/** Between two queries there is nothing to interrupt: the next one does not begin. */
function whileAsked(connection: DuckDBConnection, signal: AbortSignal | undefined): ReadRows {
  const read = rowsOn(connection);
  return async (sql, parameters) => {
    if (signal?.aborted) throw givenUp();
    return read(sql, parameters);
  };
}

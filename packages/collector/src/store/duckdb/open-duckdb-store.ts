import { realpathSync } from "node:fs";
import { availableParallelism } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import { SelvedgeError } from "@selvedge/protocol";
import { DEFAULT_RETENTION } from "../default-retention.ts";
import { DEFAULT_ROOM } from "../default-room.ts";
import { createGroupCommit } from "../group-commit.ts";
import type { Asking, Retention, Room, Store } from "../store.ts";
import { createReader } from "./create-reader.ts";
import { maintain } from "./maintain.ts";
import {
  type PendingBatch,
  pendingAlerts,
  pendingLogs,
  pendingMetrics,
  pendingSpans,
} from "./pending-batch.ts";
import { prepareSchema } from "./prepare-schema.ts";
import { readAlerts } from "./read-alerts.ts";
import { readDistributions } from "./read-distributions.ts";
import { readFailures } from "./read-failures.ts";
import { readDailyFeedback, readFeedback } from "./read-feedback.ts";
import { readFigures } from "./read-figures.ts";
import { readHealth } from "./read-health.ts";
import { readLatency } from "./read-latency.ts";
import { readModels } from "./read-models.ts";
import { readPrediction } from "./read-prediction.ts";
import { readPredictions } from "./read-predictions.ts";
import { type ReadRows, rowsOn } from "./read-rows.ts";
import { readSeen } from "./read-seen.ts";
import { readSize } from "./read-size.ts";
import { TABLES } from "./schema.ts";
import { readTotals } from "./totals.ts";
import { writeBatches } from "./write-batches.ts";
import { createPointWriter } from "./write-points.ts";

/** Rows of one transaction, unless a single batch has more. */
const GROUP_ROWS = 20_000;

const SETTINGS = {
  // Nothing that is asked of this store may reach other files or the network.
  enable_external_access: "false",
  autoinstall_known_extensions: "false",
  autoload_known_extensions: "false",
  // Each checkpoint writes the last rows of every table again: fewer of them write less, and what is in the
  // log meanwhile is read again after a kill.
  checkpoint_threshold: "64MiB",
  // As many as this process may use, which may be fewer than the machine has: they only wait for each other.
  threads: String(availableParallelism()),
};

/**
 * Opens the store in a DuckDB file, which is made where there is none. Its directory must exist.
 *
 * @param path of the file
 * @param retention how long things are kept
 * @param room how much it may take to answer
 * @throws SelvedgeError `store-failed` when the file is in use by another process or another store,
 * was written by another version, or cannot be opened.
 */
export async function openDuckDbStore(
  path: string,
  retention: Retention = DEFAULT_RETENTION,
  room: Room = DEFAULT_ROOM,
): Promise<Store> {
  const { instance, writer } = await openFile(path, room);
  // Whether it can answer is asked beside all questions, and waits for none of them.
  const probe = await instance.connect();
  const points = createPointWriter(writer);
  const { ask, inTurn } = createReader(instance);
  let sequence = await lastSequence(writer);
  let written = sequence;
  let closing: Promise<void> | undefined;
  const running = new Set<Promise<unknown>>();

  /** Runs what is asked while the store is open, and tells its failures apart from others. */
  const whileOpen = async <T>(what: string, work: () => Promise<T>): Promise<T> => {
    if (closing !== undefined) throw new SelvedgeError("closed", "The store has been closed.");
    const promise = work();
    running.add(promise);
    try {
      return await promise;
    } catch (cause) {
      if (cause instanceof SelvedgeError) throw cause;
      throw new SelvedgeError(
        "store-failed",
        `The store could not ${what}: ${messageOf(cause)}. Check the free space and the permissions of its directory.`,
        { cause },
      );
    } finally {
      running.delete(promise);
    }
  };

  const commits = createGroupCommit<PendingBatch>({
    commit: async (batches) => {
      sequence += 1n;
      await writeBatches(batches, { connection: writer, points, sequence });
      written = sequence;
    },
    sizeOf: ({ rowCount }) => rowCount,
    maxSize: GROUP_ROWS,
  });
  const write = (what: string, batches: readonly PendingBatch[]): Promise<void> =>
    whileOpen(what, async () => {
      await Promise.all(batches.map((batch) => commits.add(batch)));
    });

  let maintaining: Promise<void> = Promise.resolve();
  const maintainInTurn = (nowMs: number): Promise<void> => {
    // What waits to be written now gets a higher sequence, and waits for the next time.
    const turn = () => inTurn(() => maintain(instance, { nowMs, retention, upTo: written }));
    maintaining = maintaining.then(turn, turn);
    return maintaining;
  };

  const close = async (): Promise<void> => {
    await Promise.allSettled(running);
    await commits.idle();
    await writer.run("CHECKPOINT").catch(() => undefined);
    writer.closeSync();
    probe.closeSync();
    instance.closeSync();
  };

  const answer = <T>(
    what: string,
    question: (read: ReadRows) => Promise<T>,
    asking?: Asking,
  ): Promise<T> => whileOpen(what, () => ask(question, asking));

  return {
    ingestMetrics: (batches) => write("write a batch", batches.map(pendingMetrics)),
    ingestLogs: (batches) => write("write a batch", batches.map(pendingLogs)),
    ingestTraces: (batches) => write("write a batch", batches.map(pendingSpans)),
    models: (window, asking) =>
      answer("list the models", (read) => readModels(read, window), asking),
    predictions: (window, asking) =>
      answer("count predictions", (read) => readPredictions(read, window), asking),
    latency: (window, asking) =>
      answer("read latencies", (read) => readLatency(read, window), asking),
    failures: (window, asking) =>
      answer("read failures", (read) => readFailures(read, window), asking),
    health: (window, asking) => answer("read health", (read) => readHealth(read, window), asking),
    figures: (window, asking) =>
      answer("read figures", (read) => readFigures(read, window), asking),
    distributions: (window, asking) =>
      answer("read distributions", (read) => readDistributions(read, window), asking),
    feedback: (window, asking) =>
      answer("read feedback", (read) => readFeedback(read, window), asking),
    dailyFeedback: (window, asking) =>
      answer("read feedback by day", (read) => readDailyFeedback(read, window), asking),
    totals: () => answer("read totals", readTotals),
    seen: (since) => answer("read what it has seen", (read) => readSeen(read, since)),
    prediction: (id, asking) =>
      answer("find a prediction", (read) => readPrediction(read, id), asking),
    noteAlerts: (changes) => write("write down alerts", [pendingAlerts(changes)]),
    alertHistory: (limit) => answer("list alerts", (read) => readAlerts(read, limit)),
    maintain: (nowMs) => whileOpen("roll up what it has", () => maintainInTurn(nowMs)),
    size: () => answer("tell its size", (read) => readSize(read, path)),
    check: () =>
      whileOpen("answer", async () => {
        await rowsOn(probe)("SELECT value FROM meta", {});
      }),
    close: () => {
      closing ??= close();
      return closing;
    },
  };
}

/** The highest sequence that was ever given to a transaction whose rows may still be there. */
async function lastSequence(connection: DuckDBConnection): Promise<bigint> {
  const maxima = TABLES.map(({ name }) => `SELECT max(sequence) AS last FROM ${name}`);
  const found = await connection.runAndReadAll(
    `SELECT coalesce(max(last), 0)::BIGINT FROM (${maxima.join(" UNION ALL ")}
       UNION ALL SELECT value::BIGINT FROM meta WHERE key = 'rolled')`,
  );
  return BigInt(String(found.getRows()[0]?.[0]));
}

async function openFile(
  path: string,
  { memoryBytes, temporaryBytes }: Room,
): Promise<{ instance: DuckDBInstance; writer: DuckDBConnection }> {
  let instance: DuckDBInstance | undefined;
  let writer: DuckDBConnection | undefined;
  try {
    const absolute = resolve(path);
    // DuckDB locks the file against other processes only. Within this one, the cache gives the same
    // instance to whoever asks for the same path, and the attached name can be taken just once.
    instance = await DuckDBInstance.fromCache(
      join(realpathSync(dirname(absolute)), basename(absolute)),
      {
        ...SETTINGS,
        memory_limit: `${memoryBytes}B`,
        max_temp_directory_size: `${temporaryBytes}B`,
      },
    );
    writer = await instance.connect();
    await writer.run("ATTACH ':memory:' AS selvedge_opened_once");
    await prepareSchema(writer);
    return { instance, writer };
  } catch (cause) {
    writer?.closeSync();
    instance?.closeSync();
    if (cause instanceof SelvedgeError) throw cause;
    const message = messageOf(cause);
    const isInUse = /lock on file|used by another process|selvedge_opened_once/.test(message);
    throw new SelvedgeError(
      "store-failed",
      isInUse
        ? `The store at ${path} is in use by another collector. Stop that one, or give this one another data directory.`
        : `The store at ${path} could not be opened: ${message}. Check that its directory exists and can be written, and that the file is a Selvedge store.`,
      { cause, detail: { path } },
    );
  }
}

function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replace(/\s+/g, " ").replace(/\.$/, "");
}

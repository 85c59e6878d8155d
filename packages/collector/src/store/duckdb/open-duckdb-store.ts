import { realpathSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import { SelvedgeError } from "@selvedge/protocol";
import { createGroupCommit } from "../group-commit.ts";
import type { LogsBatch, MetricsBatch, Store } from "../store.ts";
import { counterRows, histogramRows, logRows, type TableRows } from "./encode-rows.ts";
import { readFailures } from "./read-failures.ts";
import { readLatency } from "./read-latency.ts";
import { readModels } from "./read-models.ts";
import { readPredictions } from "./read-predictions.ts";
import { createReader } from "./read-rows.ts";
import { prepareSchema } from "./schema.ts";
import { type EncodedBatch, writeBatches } from "./write-batches.ts";

/** Rows of one transaction, unless a single batch has more. */
const GROUP_ROWS = 20_000;

const SETTINGS = {
  // Nothing that is asked of this store may reach other files or the network.
  enable_external_access: "false",
  autoinstall_known_extensions: "false",
  autoload_known_extensions: "false",
};

/**
 * Opens the store in a DuckDB file, which is made where there is none. Its directory must exist.
 *
 * @param path of the file
 * @throws SelvedgeError `store-failed` when the file is in use by another process or another store,
 * was written by another version, or cannot be opened.
 */
export async function openDuckDbStore(path: string): Promise<Store> {
  const { instance, writer } = await openFile(path);
  const read = createReader(instance);
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

  const commits = createGroupCommit<EncodedBatch>({
    commit: (batches) => writeBatches(writer, batches),
    sizeOf: ({ tables }) => tables.reduce((rows, table) => rows + table.rows.length, 0),
    maxSize: GROUP_ROWS,
  });
  const write = <T extends { readonly id: string | undefined }>(
    signal: "metrics" | "logs",
    batches: readonly T[],
    encode: (batch: T) => TableRows[],
  ): Promise<void> =>
    whileOpen("write a batch", async () => {
      const encoded = batches.map((batch) => ({
        key: batch.id === undefined ? undefined : `${signal}:${batch.id}`,
        tables: encode(batch),
      }));
      await Promise.all(encoded.map((batch) => commits.add(batch)));
    });

  const close = async (): Promise<void> => {
    await Promise.allSettled(running);
    await commits.idle();
    await writer.run("CHECKPOINT").catch(() => undefined);
    writer.closeSync();
    instance.closeSync();
  };

  return {
    ingestMetrics: (batches: readonly MetricsBatch[]) =>
      write("metrics", batches, ({ histograms, counters }) => [
        histogramRows(histograms),
        counterRows(counters),
      ]),
    ingestLogs: (batches: readonly LogsBatch[]) =>
      write("logs", batches, ({ records }) => [logRows(records)]),
    models: (window) => whileOpen("list the models", () => readModels(read, window)),
    predictions: (window) => whileOpen("count predictions", () => readPredictions(read, window)),
    latency: (window) => whileOpen("read latencies", () => readLatency(read, window)),
    failures: (window) => whileOpen("read failures", () => readFailures(read, window)),
    ingestTraces: notYet,
    health: notYet,
    figures: notYet,
    distributions: notYet,
    feedback: notYet,
    prediction: notYet,
    noteAlerts: notYet,
    alertHistory: notYet,
    maintain: notYet,
    size: notYet,
    check: () =>
      whileOpen("answer", async () => {
        await read("SELECT value FROM meta", {});
      }),
    close: () => {
      closing ??= close();
      return closing;
    },
  };
}

async function notYet(): Promise<never> {
  throw new SelvedgeError("store-failed", "The store cannot answer this yet.");
}

async function openFile(
  path: string,
): Promise<{ instance: DuckDBInstance; writer: DuckDBConnection }> {
  let instance: DuckDBInstance | undefined;
  let writer: DuckDBConnection | undefined;
  try {
    const absolute = resolve(path);
    // DuckDB locks the file against other processes only. Within this one, the cache gives the same
    // instance to whoever asks for the same path, and the attached name can be taken just once.
    instance = await DuckDBInstance.fromCache(
      join(realpathSync(dirname(absolute)), basename(absolute)),
      SETTINGS,
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

import { randomUUID } from "node:crypto";
import { SelvedgeError } from "@selvedge/protocol";
import type { Store } from "../store.ts";
import { decodeEntry, type Entry, encodeEntry } from "./entry.ts";
import { attributesIn, rowsOf } from "./entry-size.ts";
import { type Journal, type Kept, openJournal } from "./open-journal.ts";
import { putAside } from "./put-aside.ts";

/** How long what was acknowledged may wait for more before it is moved to the store. */
const MOVE_EVERY_MS = 250;

/** Rows that wait, moved or not; beyond them batches wait before they are acknowledged. */
const MAX_WAITING_ROWS = 100_000;

/** The same of their text: a row may be a record, or have attributes, of many kilobytes. */
const MAX_WAITING_BYTES = 128 * 1024 * 1024;

/** Rows that are handed to the store at once, and how much text. */
const MOVE_ROWS = 20_000;
const MOVE_BYTES = 32 * 1024 * 1024;

/** A batch that the store refuses so often, while it takes others, is put aside. */
const MAX_TRIES = 10;

/** Where the store refuses all it is given, it is asked again after this long, and that is told as often. */
const PAUSE_MS = 5_000;

interface Waiting {
  readonly entry: Entry;
  readonly rows: number;
  readonly bytes: number;
  readonly kept: Kept;
  /** How often the store refused it while it took others. */
  tries: number;
}

/**
 * Puts a journal before a store: a batch is acknowledged once it is in the journal, which costs a write
 * and a sync, and is moved to the store with many others. What a killed process left in the journal is
 * moved when it is opened again; the store tells repeats by their ids, and a batch without one is
 * given one. Whatever is asked sees all that was acknowledged before.
 *
 * @param store that remembers ids for longer than a journal is kept; it is closed with this one
 * @param folder of the journal, made where it is missing
 * @throws SelvedgeError `store-failed` when the journal cannot be opened or moved.
 */
export async function openJournalledStore(store: Store, folder: string): Promise<Store> {
  const journal = await openAndReplay(store, folder);
  let waiting: Waiting[] = [];
  let waitingRows = 0;
  let waitingBytes = 0;
  /** Whether the store has taken nothing of what it was given last. */
  let isRefusing = false;
  let moving: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;
  let closing: Promise<void> | undefined;
  const running = new Set<Promise<unknown>>();

  const take = (): Waiting[] => {
    let rows = 0;
    let bytes = 0;
    let end = 0;
    for (const one of waiting) {
      rows += one.rows;
      bytes += one.bytes;
      if (end > 0 && (rows > MOVE_ROWS || bytes > MOVE_BYTES)) break;
      end += 1;
    }
    const taken = waiting.slice(0, end);
    waiting = waiting.slice(end);
    return taken;
  };

  const release = (one: Waiting): void => {
    waitingRows -= one.rows;
    waitingBytes -= one.bytes;
    one.kept.done();
  };

  /**
   * Moves what waits now, and not what comes meanwhile, for whoever asks something waits for it. What
   * cannot be moved stays in the journal and waits for the next time.
   */
  const moveAll = async (): Promise<void> => {
    const failed: Waiting[] = [];
    let hasTaken = false;
    let reason: unknown;
    for (let left = waiting.length; left > 0; ) {
      const taken = take();
      left -= taken.length;
      const outcomes = await moveEntries(
        store,
        taken.map(({ entry }) => entry),
      );
      const takesOthers = outcomes.includes(true);
      hasTaken ||= takesOthers;
      for (const [i, one] of taken.entries()) {
        if (outcomes[i] === true) release(one);
        else {
          reason = outcomes[i];
          const isHopeless = takesOthers && ++one.tries >= MAX_TRIES;
          // What cannot be put aside either, say on a full disk, is in the journal still.
          const isAside =
            isHopeless &&
            (await putAside(folder, [JSON.stringify(one.entry)], reason).then(
              () => true,
              () => false,
            ));
          if (isAside) release(one);
          else failed.push(one);
        }
      }
    }
    const wasRefusing = isRefusing;
    isRefusing = failed.length > 0 && !hasTaken;
    if (isRefusing && !wasRefusing)
      console.error("selvedge: the store takes nothing; it is asked again:", reason);
    waiting = [...failed, ...waiting];
  };
  const move = (): Promise<void> => {
    clearTimeout(timer);
    timer = undefined;
    moving ??= moveAll().finally(() => {
      moving = undefined;
      if (waiting.length > 0) moveSoon();
    });
    return moving;
  };
  const moveSoon = (): void => {
    if (moving !== undefined) return;
    timer ??= setTimeout(() => void move(), isRefusing ? PAUSE_MS : MOVE_EVERY_MS);
  };
  /** Resolves when all that was acknowledged before has been moved, or could not be. */
  const settle = async (): Promise<void> => {
    if (moving !== undefined) await moving;
    if (waiting.length > 0) await move();
  };

  const keep = async (entry: Entry): Promise<void> => {
    const isFull = () => waitingRows > MAX_WAITING_ROWS || waitingBytes > MAX_WAITING_BYTES;
    if (isFull()) {
      await move();
      if (isFull()) throw failed("take more than it can write");
    }
    const encoded = encodeEntry(entry);
    const rows = rowsOf(entry);
    const bytes = encoded.length + attributesIn(entry);
    waitingRows += rows;
    waitingBytes += bytes;
    try {
      const kept = await journal.append(encoded);
      waiting.push({ entry, rows, bytes, kept, tries: 0 });
      moveSoon();
    } catch (cause) {
      waitingRows -= rows;
      waitingBytes -= bytes;
      throw failed("write its journal", cause);
    }
  };
  const whileOpen = async <T>(work: () => Promise<T>): Promise<T> => {
    if (closing !== undefined) throw new SelvedgeError("closed", "The store has been closed.");
    const promise = work();
    running.add(promise);
    try {
      return await promise;
    } finally {
      running.delete(promise);
    }
  };
  const keepAll = (entries: readonly Entry[]): Promise<void> =>
    whileOpen(async () => {
      await Promise.all(entries.map(keep));
    });
  const asked = <T>(question: () => Promise<T>): Promise<T> =>
    whileOpen(async () => {
      await settle();
      return question();
    });
  const close = async (): Promise<void> => {
    await Promise.allSettled(running);
    await settle();
    clearTimeout(timer);
    await journal.close();
    await store.close();
  };

  return {
    ingestMetrics: (batches) =>
      keepAll(batches.map((batch) => ({ signal: "metrics", batch: named(batch) }))),
    ingestLogs: (batches) =>
      keepAll(batches.map((batch) => ({ signal: "logs", batch: named(batch) }))),
    ingestTraces: (batches) =>
      keepAll(batches.map((batch) => ({ signal: "traces", batch: named(batch) }))),
    models: (window, asking) => asked(() => store.models(window, asking)),
    predictions: (window, asking) => asked(() => store.predictions(window, asking)),
    latency: (window, asking) => asked(() => store.latency(window, asking)),
    failures: (window, asking) => asked(() => store.failures(window, asking)),
    health: (window, asking) => asked(() => store.health(window, asking)),
    figures: (window, asking) => asked(() => store.figures(window, asking)),
    distributions: (window, asking) => asked(() => store.distributions(window, asking)),
    feedback: (window, asking) => asked(() => store.feedback(window, asking)),
    dailyFeedback: (window, asking) => asked(() => store.dailyFeedback(window, asking)),
    totals: () => asked(() => store.totals()),
    seen: (since) => asked(() => store.seen(since)),
    prediction: (id, asking) => asked(() => store.prediction(id, asking)),
    noteAlerts: (changes) => whileOpen(() => store.noteAlerts(changes)),
    alertHistory: (limit) => whileOpen(() => store.alertHistory(limit)),
    maintain: (nowMs) =>
      asked(() => {
        // The store is about to forget ids: nothing that it has may be left to be moved again.
        journal.rotate();
        return store.maintain(nowMs);
      }),
    size: () =>
      asked(async () => {
        const { bytes, rows } = await store.size();
        return { bytes: bytes + journal.bytes(), rows };
      }),
    check: () => whileOpen(() => store.check()),
    close: () => {
      closing ??= close();
      return closing;
    },
  };
}

async function openAndReplay(store: Store, folder: string): Promise<Journal> {
  try {
    const journal = await openJournal(folder);
    await journal.replay(async (left) => {
      const entries = await decodeAll(left, folder);
      const outcomes = await moveEntries(store, entries);
      const refused = entries.filter((_, i) => outcomes[i] !== true);
      const reason = outcomes.find((outcome) => outcome !== true);
      // One batch that the store will never take must not keep the collector from starting.
      if (refused.length === 0) return;
      if (refused.length === entries.length && !(await takesAnything(store))) throw reason;
      const lines = refused.map((entry) => JSON.stringify(entry));
      await putAside(folder, lines, reason);
    });
    return journal;
  } catch (cause) {
    await store.close();
    throw failed("open its journal", cause);
  }
}

/** Whether a store can write at all: where it cannot, what it refuses is not to blame. */
async function takesAnything(store: Store): Promise<boolean> {
  const nothing = { histograms: [], counters: [], distributions: [], irregulars: [] };
  return store.ingestMetrics([{ id: `journal:${randomUUID()}`, ...nothing }]).then(
    () => true,
    () => false,
  );
}

/** Reads entries; one that says nothing to this version, say of a later one, is put aside as it is. */
async function decodeAll(all: readonly Buffer[], folder: string): Promise<Entry[]> {
  const entries: Entry[] = [];
  const strange: string[] = [];
  let reason: unknown;
  for (const bytes of all)
    try {
      entries.push(decodeEntry(bytes));
    } catch (error) {
      strange.push(JSON.stringify({ base64: bytes.toString("base64") }));
      reason = error;
    }
  if (strange.length > 0) await putAside(folder, strange, reason);
  return entries;
}

/** Hands entries to the store, and answers for each `true`, or why it was not taken. */
async function moveEntries(store: Store, entries: readonly Entry[]): Promise<unknown[]> {
  const ingest = (all: readonly Entry[]): Promise<void>[] => [
    store.ingestMetrics(all.flatMap((one) => (one.signal === "metrics" ? [one.batch] : []))),
    store.ingestLogs(all.flatMap((one) => (one.signal === "logs" ? [one.batch] : []))),
    store.ingestTraces(all.flatMap((one) => (one.signal === "traces" ? [one.batch] : []))),
  ];
  const together = await Promise.allSettled(ingest(entries));
  if (together.every(({ status }) => status === "fulfilled")) return entries.map(() => true);
  // Some may have been written; each is tried again by itself, and the store tells repeats.
  return Promise.all(
    entries.map((entry) =>
      Promise.all(ingest([entry])).then(
        () => true,
        (error: unknown) => error,
      ),
    ),
  );
}

function named<T extends { readonly id: string | undefined }>(batch: T): T {
  return batch.id === undefined ? { ...batch, id: `journal:${randomUUID()}` } : batch;
}

function failed(what: string, cause?: unknown): SelvedgeError {
  if (cause instanceof SelvedgeError) return cause;
  const reason = cause instanceof Error ? `: ${cause.message}` : "";
  return new SelvedgeError(
    "store-failed",
    `The store could not ${what}${reason}. Check the free space and the permissions of its directory.`,
    { cause },
  );
}

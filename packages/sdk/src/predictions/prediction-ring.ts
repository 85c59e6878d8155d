import type { Database, StoredPrediction } from "../store/database.ts";
import { isRefusal } from "../store/storage-error.ts";
import { tensorBytesOf } from "./tensor-bytes.ts";

/** What captured tensors may take on a device, all together. */
const MOST_BYTES = 32 * 2 ** 20;

/** How many records are kept as long as the page lives, where IndexedDB takes none. */
const MOST_IN_MEMORY = 20;

/** Under what the ring's ledger stands among what telemetry remembers. */
const LEDGER = "predictions";

/** What is known of a record without reading it. */
interface Entry {
  readonly id: string;
  readonly bytes: number;
}

/** The latest predictions that were written down: bounded in number and bytes, the oldest go first. */
export class PredictionRing {
  readonly #database: Database;
  readonly #keep: number;
  readonly #inMemory = new Map<string, StoredPrediction>();

  constructor(database: Database, keep: number) {
    this.#database = database;
    this.#keep = keep;
  }

  /**
   * Adds a record. Tensors that are too large for the ring are left out of it.
   *
   * Records and ledger change in one transaction, so that tabs which write at once lose nothing.
   */
  async add(record: StoredPrediction): Promise<void> {
    const size = bytesOf(record);
    const { captured: _, ...bare } = record;
    const [stored, bytes] = size > MOST_BYTES ? [bare, 0] : [record, size];
    const doing = "writing down a prediction";
    const stores = ["predictions", "telemetry"] as const;
    try {
      await this.#database.transact({ doing, stores, mode: "readwrite" }, async (transaction) => {
        const predictions = transaction.objectStore("predictions");
        const telemetry = transaction.objectStore("telemetry");
        const ids = await predictions.index("at").getAllKeys();
        const ledger = matching(await telemetry.get(LEDGER), ids) ?? (await readAll());
        const [kept, gone] = pruned([...ledger, { id: record.id, bytes }], this.#keep);
        await Promise.all([
          (async () => predictions.put(stored))(),
          (async () => telemetry.put(kept, LEDGER))(),
        ]);
        await Promise.all(gone.map(async ({ id }) => predictions.delete(id)));

        /** Where another version, or damage, has left a ledger that is none of this ring. */
        async function readAll(): Promise<Entry[]> {
          const all = await predictions.index("at").getAll();
          return all.map((one) => ({ id: one.id, bytes: bytesOf(one) }));
        }
      });
    } catch (error) {
      if (!isRefusal(error)) throw error;
      this.#inMemory.set(record.id, stored);
      const ledger = [...this.#inMemory.values()].map((one) => ({
        id: one.id,
        bytes: bytesOf(one),
      }));
      const [, gone] = pruned(ledger, Math.min(MOST_IN_MEMORY, this.#keep));
      for (const { id } of gone) this.#inMemory.delete(id);
    }
  }

  /** Forgets what IndexedDB did not take. */
  forget(): void {
    this.#inMemory.clear();
  }

  /** The record of this id, where it is still there. */
  async get(id: string): Promise<StoredPrediction | undefined> {
    const stored = await this.#database.read(
      { doing: "reading a prediction", stores: ["predictions"], nothing: undefined },
      ({ store }) => store.get(id),
    );
    return stored ?? this.#inMemory.get(id);
  }
}

/** A ledger as it was stored, where it speaks of exactly these records. */
function matching(stored: unknown, ids: readonly string[]): Entry[] | undefined {
  if (!Array.isArray(stored) || stored.length !== ids.length) return undefined;
  const known = new Set(ids);
  const isSound = stored.every(
    (entry: Partial<Entry> | null) =>
      known.delete(entry?.id ?? "") && Number.isSafeInteger(entry?.bytes),
  );
  return isSound ? (stored as Entry[]) : undefined;
}

/** What stays of a ledger, and what goes: the oldest stand first. */
function pruned(ledger: readonly Entry[], keep: number): [kept: Entry[], gone: Entry[]] {
  let bytes = ledger.reduce((sum, entry) => sum + entry.bytes, 0);
  let first = 0;
  while (ledger.length - first > keep || bytes > MOST_BYTES) bytes -= ledger[first++]?.bytes ?? 0;
  return [ledger.slice(first), ledger.slice(0, first)];
}

function bytesOf({ captured }: StoredPrediction): number {
  if (captured === undefined) return 0;
  const tensors = [...Object.values(captured.inputs), ...Object.values(captured.outputs)];
  return tensors.reduce((sum, tensor) => sum + tensorBytesOf(tensor).byteLength, 0);
}

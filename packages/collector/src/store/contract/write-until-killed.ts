import type { MetricsBatch, Store } from "../store.ts";
import { batchOf, failures, NOON, predictions } from "./sample-batch.ts";

/** As many senders wait for an answer at a time. */
const SENDERS = 8;

/** Batches after which everything is rolled up. */
const MAINTAIN_EVERY = 25;

/** The batch a child process writes as its `n`-th: what it holds can be told from all others. */
export function nthBatch(n: number): MetricsBatch {
  const timeMs = NOON + n * 1000;
  // Every third has no id: nobody can send it again, and it may not be counted twice all the same.
  const id = n % 3 === 2 ? undefined : `batch-${n}`;
  return batchOf(id, [
    predictions([0.1, 0.2, 0.3], { timeMs }),
    failures(1, { timeMs, error: codeOf(n) }),
  ]);
}

/** What the `n`-th batch failed with. */
export function codeOf(n: number): string {
  return `code-${n}`;
}

/**
 * Writes batches from the given one on, several at a time, rolls up as it goes, and says on stdout that
 * it begins to open the store, and then which batches have been acknowledged.
 *
 * @public A child process imports it from a script of its own.
 */
export async function writeUntilKilled(open: (path: string) => Promise<Store>): Promise<never> {
  const [path = "", first = "0"] = process.argv.slice(2);
  process.stdout.write("opening\n");
  const store = await open(path);
  let next = Number(first);
  const send = async (): Promise<never> => {
    for (;;) {
      const n = next++;
      await store.ingestMetrics([nthBatch(n)]);
      process.stdout.write(`${n}\n`);
      if (n % MAINTAIN_EVERY === 0) await store.maintain(NOON + n * 1000);
    }
  };
  return Promise.race(Array.from({ length: SENDERS }, send));
}

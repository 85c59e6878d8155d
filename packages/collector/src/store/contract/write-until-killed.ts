import type { Store } from "../store.ts";
import { batchOf, predictions } from "./sample-batch.ts";

/** The batch a child process writes as its `n`-th. */
export function nthBatch(n: number): ReturnType<typeof batchOf> {
  return batchOf(`batch-${n}`, [predictions([0.1, 0.2, 0.3])]);
}

/**
 * Writes one batch after the other, and says on stdout which of them have been acknowledged.
 *
 * @public A child process imports it from a script of its own.
 */
export async function writeUntilKilled(open: (path: string) => Promise<Store>): Promise<never> {
  const store = await open(process.argv[2] ?? "");
  for (let n = 0; ; n++) {
    await store.ingestMetrics([nthBatch(n)]);
    process.stdout.write(`${n}\n`);
  }
}

import { withBench } from "./delivery/with-bench.mjs";
import { CONTENDERS } from "./start/contenders.mjs";
import { measureWarm } from "./start/warm.mjs";

/**
 * How soon a model answers that a device holds, and how soon after its engine crashed: PP-OCR rec,
 * against transformers.js and a worker that someone wrote with care, all with the same numbers.
 *
 * @param rounds how often each contender has its turn
 */
export async function measureStart({ rounds = 7 }) {
  return withBench({ contenders: CONTENDERS, rounds }, measureWarm);
}

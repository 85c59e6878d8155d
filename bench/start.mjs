import { withBench } from "./delivery/with-bench.mjs";
import { measureParts } from "./measure-parts.mjs";
import { measureCold } from "./start/cold.mjs";
import { CONTENDERS } from "./start/contenders.mjs";
import { measureFirst } from "./start/first.mjs";
import { measureMemory } from "./start/memory.mjs";
import { measureWarm } from "./start/warm.mjs";

const PARTS = { cold: measureCold, first: measureFirst, warm: measureWarm, memory: measureMemory };

/**
 * How soon a model answers, on a first visit and on later ones, stage by stage, and how soon after its
 * engine crashed; a first visit that wakes from what ships; and what that takes of memory: PP-OCR rec,
 * Silero VAD and lande, in a runtime that is fitted to them, against transformers.js and a worker that
 * someone wrote with care, all with the same numbers.
 *
 * @param rounds how often each contender has its turn
 * @param part one of the parts alone
 */
export async function measureStart({ rounds = 5, part }) {
  return withBench({ contenders: CONTENDERS, rounds, isFitted: true }, (bench) =>
    measureParts(PARTS, bench, part),
  );
}

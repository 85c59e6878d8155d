import { measureCold } from "./delivery/cold.mjs";
import { CONTENDERS } from "./delivery/contenders.mjs";
import { measureCuts } from "./delivery/cuts.mjs";
import { measureDamage } from "./delivery/damaged-cache.mjs";
import { measureTabs } from "./delivery/tabs.mjs";
import { measureUpdates } from "./delivery/updates.mjs";
import { withBench } from "./delivery/with-bench.mjs";
import { measureParts } from "./measure-parts.mjs";

const PARTS = {
  cold: measureCold,
  updates: measureUpdates,
  tabs: measureTabs,
  damage: measureDamage,
  cuts: measureCuts,
};

/**
 * What it takes to bring PP-OCR rec to a page over a slow link and through mishaps, against
 * transformers.js with the same files from the same host.
 *
 * @param rounds how often each contender has its turn where time is measured
 * @param part one of the parts alone
 */
export async function measureDelivery({ rounds = 5, part }) {
  return withBench({ contenders: CONTENDERS, rounds }, (bench) => measureParts(PARTS, bench, part));
}

import type { Rehearsed, SessionSettings } from "../worker/engine-api.ts";
import { median } from "./median.ts";

/** A run may be slower by this for the sake of a faster start. */
const SLOWER_RUN = 1.05;

/** A start has to be faster than the usual one by this, or it is noise. */
const FASTER_START = 0.95;

/**
 * Chooses how a model's sessions are created, from what was measured on this device: of the settings
 * that compute the same and are not slower at running, those that start fastest. The usual settings stay
 * where nothing is clearly better.
 *
 * @param rehearsed by settings, the usual ones first
 * @returns `undefined` for the usual ones
 */
export function chooseSettings(rehearsed: readonly Rehearsed[]): SessionSettings | undefined {
  const sound = rehearsed.filter(({ holds, rounds }) => holds && rounds.length > 0).map(summaryOf);
  const usual = sound.find(({ settings }) => settings === rehearsed[0]?.settings);
  const fastestRun = Math.min(...sound.map(({ runMs }) => runMs));
  const [best] = sound
    .filter(({ runMs }) => runMs <= fastestRun * SLOWER_RUN)
    .sort((a, b) => a.startMs - b.startMs);
  if (best === usual) return undefined;
  // Settings that do not give the golden answers here are no settings to stay with.
  if (best === undefined || usual === undefined) return best?.settings;
  const isUsualSlow = usual.runMs > fastestRun * SLOWER_RUN;
  return isUsualSlow || best.startMs < usual.startMs * FASTER_START ? best.settings : undefined;
}

function summaryOf({ settings, rounds }: Rehearsed) {
  return {
    settings,
    /** From the runtime's being there to the first answer. */
    startMs: median(rounds.map(({ createMs, firstRunMs }) => createMs + firstRunMs)),
    runMs: median(rounds.map(({ runMs }) => runMs)),
  };
}

import { expect, test } from "vitest";
import type { Rehearsed, SessionSettings } from "../worker/engine-api.ts";
import { chooseSettings } from "./choose-settings.ts";

const USUAL: SessionSettings = {};
const LEAN: SessionSettings = { graphOptimizationLevel: "disabled", prepacking: false };
const PREPACKED: SessionSettings = { graphOptimizationLevel: "disabled" };

/** Rounds of one length each, but for one that something else on the device made slow. */
function rehearsed(
  settings: SessionSettings,
  { start, run, holds = true }: { start: number; run: number; holds?: boolean },
): Rehearsed {
  const round = { createMs: start * 0.6, firstRunMs: start * 0.4, runMs: run };
  const slow = { createMs: start * 6, firstRunMs: start * 4, runMs: run * 10 };
  return { settings, holds, finding: "", rounds: [round, slow, round] };
}

test("what starts faster and runs as fast is chosen, whatever a slow round says", () => {
  const usual = rehearsed(USUAL, { start: 100, run: 50 });
  expect(chooseSettings([usual, rehearsed(LEAN, { start: 60, run: 51 })])).toBe(LEAN);
});

test("of two that start faster, the one that does not run slower", () => {
  const all = [
    rehearsed(USUAL, { start: 100, run: 50 }),
    rehearsed(LEAN, { start: 50, run: 70 }),
    rehearsed(PREPACKED, { start: 70, run: 50 }),
  ];
  expect(chooseSettings(all)).toBe(PREPACKED);
});

test("a start that is hardly faster is noise", () => {
  const usual = rehearsed(USUAL, { start: 100, run: 50 });
  expect(chooseSettings([usual, rehearsed(LEAN, { start: 97, run: 50 })])).toBeUndefined();
});

test("the usual settings are left where they run slower than others", () => {
  const usual = rehearsed(USUAL, { start: 100, run: 60 });
  expect(chooseSettings([usual, rehearsed(LEAN, { start: 100, run: 50 })])).toBe(LEAN);
});

test("settings that do not compute the golden answers are not chosen, however fast", () => {
  const usual = rehearsed(USUAL, { start: 100, run: 50 });
  const wrong = rehearsed(LEAN, { start: 10, run: 5, holds: false });
  expect(chooseSettings([usual, wrong])).toBeUndefined();
});

test("where the usual settings do not, those that do are chosen, however slow", () => {
  const wrong = rehearsed(USUAL, { start: 10, run: 5, holds: false });
  const slow = rehearsed(PREPACKED, { start: 200, run: 50 });
  expect(chooseSettings([wrong, slow])).toBe(PREPACKED);
  expect(chooseSettings([wrong, slow, rehearsed(LEAN, { start: 100, run: 50 })])).toBe(LEAN);
});

test("nothing is chosen where nothing was measured", () => {
  expect(chooseSettings([])).toBeUndefined();
  expect(
    chooseSettings([{ settings: LEAN, holds: true, finding: "", rounds: [] }]),
  ).toBeUndefined();
});

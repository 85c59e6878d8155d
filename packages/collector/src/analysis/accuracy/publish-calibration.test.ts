import fc from "fast-check";
import { expect, test } from "vitest";
import {
  type ConfidenceRange,
  mergeCalibrations,
  publishCalibration,
} from "./publish-calibration.ts";

/** Right and wrong predictions by tenth, and some without a confidence. */
interface Said {
  readonly tenths: Readonly<Record<number, readonly [right: number, wrong: number]>>;
  readonly unsure?: readonly [right: number, wrong: number];
}

function tallyOf({ tenths, unsure = [0, 0] }: Said) {
  const entries = Object.entries(tenths).map(([tenth, [right, wrong]]) => ({
    ...{ tenth: Number(tenth), judged: right + wrong, correct: right },
  }));
  const correct = entries.reduce((total, one) => total + one.correct, unsure[0]);
  const judged = entries.reduce((total, one) => total + one.judged, unsure[0] + unsure[1]);
  return { judged, correct, tenths: new Map(entries.map((one) => [one.tenth, one])) };
}

const spans = (ranges: readonly ConfidenceRange[]) =>
  ranges.map(({ first, last }) => (first === last ? `${first}` : `${first}-${last}`));
const rangesOf = (said: Said) => spans(publishCalibration(tallyOf(said)));

test("tenths are told apart where fifty were right and fifty wrong in each", () => {
  const tenths = { 5: [60, 50], 7: [70, 55], 8: [80, 50], 9: [900, 50] } as const;
  expect(publishCalibration(tallyOf({ tenths }))).toEqual([
    { first: 0, last: 5, judged: 110, correct: 60 },
    { first: 6, last: 7, judged: 125, correct: 70 },
    { first: 8, last: 8, judged: 130, correct: 80 },
    { first: 9, last: 9, judged: 950, correct: 900 },
  ]);
});

test.each([
  ["one is wrong", { 7: [200, 60], 8: [300, 1], 9: [900, 60] }, ["0-7", "8-9"]],
  ["none is wrong", { 7: [200, 60], 8: [300, 0], 9: [900, 60] }, ["0-7", "8-9"]],
  ["49 are right", { 4: [49, 80], 7: [60, 60], 9: [900, 60] }, ["0-7", "8-9"]],
] as const)("a tenth of which %s is joined with its neighbours", (_, tenths, told) => {
  expect(rangesOf({ tenths })).toEqual(told);
});

test("where one range has them all, it says no more than the accuracy does", () => {
  expect(rangesOf({ tenths: { 9: [900, 300] } })).toEqual([]);
  expect(rangesOf({ tenths: { 5: [100, 49], 9: [900, 300] } })).toEqual([]);
});

test("predictions without a confidence, where they are few, take the smallest range with them", () => {
  const tenths = { 3: [60, 60], 7: [200, 60], 9: [900, 60] } as const;
  expect(rangesOf({ tenths })).toEqual(["0-5", "6-7", "8-9"]);
  expect(rangesOf({ tenths, unsure: [70, 50] })).toEqual(["0-5", "6-7", "8-9"]);
  expect(rangesOf({ tenths, unsure: [70, 1] })).toEqual(["6-7", "8-9"]);
});

test("of several blocks the ranges are told that all of them have, joined where one joins them", () => {
  const fine = publishCalibration(tallyOf({ tenths: { 5: [60, 60], 7: [70, 70], 9: [80, 80] } }));
  const coarse = publishCalibration(tallyOf({ tenths: { 5: [60, 60], 9: [80, 80] } }));
  const lacking = fine.slice(1);
  expect(mergeCalibrations([fine, coarse])).toEqual([
    { first: 0, last: 7, judged: 380, correct: 190 },
    { first: 8, last: 9, judged: 320, correct: 160 },
  ]);
  expect(spans(mergeCalibrations([fine, lacking]))).toEqual(["6-7", "8-9"]);
  expect(spans(mergeCalibrations([coarse, lacking]))).toEqual(["8-9"]);
  expect(mergeCalibrations([fine])).toEqual(fine);
  expect(mergeCalibrations([])).toEqual([]);
});

const count = fc.oneof(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 30, max: 200 }));
const pair = fc.tuple(count, count);
const anySaid = fc.record({
  tenths: fc.array(pair, { minLength: 10, maxLength: 10 }).map((pairs) => ({ ...pairs })),
  unsure: pair,
});

const cellsOf = (ranges: readonly { judged: number; correct: number }[]) => {
  const correct = ranges.reduce((total, one) => total + one.correct, 0);
  return [correct, ranges.reduce((total, one) => total + one.judged, 0) - correct];
};

test("nothing is told, and nothing follows by subtraction, of fewer than fifty right or wrong predictions", () => {
  fc.assert(
    fc.property(anySaid, (said) => {
      const tally = tallyOf(said);
      const ranges = publishCalibration(tally);
      if (ranges.length === 0) return;
      const all = cellsOf([tally]);
      const shown = cellsOf(ranges);
      const left = all.map((total, kind) => total - (shown[kind] ?? 0));
      for (const cell of ranges.flatMap((one) => cellsOf([one])))
        expect(cell).toBeGreaterThanOrEqual(50);
      for (const cell of left) expect(cell === 0 || cell >= 50).toBe(true);
    }),
  );
});

test("no two windows tell of fewer than fifty by their difference", () => {
  fc.assert(
    fc.property(fc.array(anySaid, { minLength: 2, maxLength: 4 }), (days) => {
      const blocks = days
        .map((said) => publishCalibration(tallyOf(said)))
        .filter((ranges) => ranges.length > 0);
      const longer = mergeCalibrations(blocks);
      const shorter = mergeCalibrations(blocks.slice(1));
      for (const range of longer) {
        const within = shorter.filter(
          ({ first, last }) => first >= range.first && last <= range.last,
        );
        const width = within.reduce((total, one) => total + one.last + 1 - one.first, 0);
        if (width !== range.last + 1 - range.first) continue;
        const [those, these] = [cellsOf([range]), cellsOf(within)];
        for (const kind of [0, 1])
          expect((those[kind] ?? 0) - (these[kind] ?? 0)).toBeGreaterThanOrEqual(50);
      }
    }),
  );
});

test("where in its range the confidence of a rare wrong answer lay makes no difference", () => {
  const usual = { 5: [60, 60], 7: [70, 70], 9: [80, 80] } as const;
  const tenth = fc.integer({ min: 0, max: 5 });
  fc.assert(
    fc.property(tenth, tenth, (one, other) => {
      const withWrongIn = (at: number) => {
        const [right, wrong] = { ...usual, [at]: at === 5 ? usual[5] : [0, 0] }[at] ?? [0, 0];
        return publishCalibration(tallyOf({ tenths: { ...usual, [at]: [right, wrong + 1] } }));
      };
      expect(withWrongIn(one)).toEqual(withWrongIn(other));
    }),
  );
});

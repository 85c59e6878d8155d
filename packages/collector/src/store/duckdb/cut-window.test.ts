import fc from "fast-check";
import { expect, test } from "vitest";
import { type Cut, cutWindow, type Grain } from "./cut-window.ts";

const MINUTE = 60;
const HOUR = 3600;
const grainsFrom = (raw: number, minute = 0, hour = 0): Grain[] => [
  { ms: HOUR, floorMs: hour },
  { ms: MINUTE, floorMs: minute },
  { ms: 0, floorMs: raw },
];

function covers(cuts: readonly Cut[], at: number): number {
  return cuts.filter(({ from, to }) => at >= from && at < to).length;
}

test("takes whole hours from hours, whole minutes beside them, and raw rows at the ends", () => {
  expect(cutWindow({ from: 3500, to: 7290 }, grainsFrom(0))).toEqual([
    { grainMs: 0, from: 3500, to: 3540 },
    { grainMs: MINUTE, from: 3540, to: 3600 },
    { grainMs: HOUR, from: 3600, to: 7200 },
    { grainMs: MINUTE, from: 7200, to: 7260 },
    { grainMs: 0, from: 7260, to: 7290 },
  ]);
});

test("takes a grain only where steps can be made of it", () => {
  const window = { from: 0, to: 3 * HOUR };
  const grains = (stepMs: number) =>
    cutWindow({ ...window, stepMs }, grainsFrom(0)).map(({ grainMs }) => grainMs);
  expect(grains(HOUR)).toEqual([HOUR]);
  expect(grains(HOUR / 2)).toEqual([MINUTE]);
  expect(grains(MINUTE * 10 + 7)).toEqual([MINUTE]);
  expect(grains(90)).toEqual([0]);
});

test("widens an edge where what is finer has been dropped", () => {
  expect(cutWindow({ from: 70, to: 7210 }, grainsFrom(7000, 7000))).toEqual([
    { grainMs: HOUR, from: 0, to: 7200 },
    { grainMs: 0, from: 7200, to: 7210 },
  ]);
  expect(cutWindow({ from: 70, to: 80, stepMs: 1 }, grainsFrom(7000))).toEqual([
    { grainMs: MINUTE, from: 60, to: 120 },
  ]);
});

test("has every moment of a window once, in whole grains, and raw rows only where there are some", () => {
  const time = fc.integer({ min: 0, max: 5 * HOUR });
  fc.assert(
    fc.property(
      ...([
        time,
        time,
        time,
        time,
        time,
        fc.option(fc.integer({ min: 1, max: 2 * HOUR })),
      ] as const),
      (one, other, rawFloor, minutes, hours, step) => {
        const window = {
          from: Math.min(one, other),
          to: Math.max(one, other),
          ...(step !== null && { stepMs: step }),
        };
        const minuteFloor = Math.min(rawFloor, minutes);
        const grains = grainsFrom(rawFloor, minuteFloor, Math.min(minuteFloor, hours));
        const cuts = cutWindow(window, grains);
        for (let at = window.from; at < window.to; at += 13) expect(covers(cuts, at)).toBe(1);
        for (const { grainMs, from, to } of cuts) {
          if (grainMs > 0) expect([from % grainMs, to % grainMs]).toEqual([0, 0]);
          else expect(from).toBeGreaterThanOrEqual(rawFloor);
          for (const at of [from, to - 1]) expect(covers(cuts, at)).toBe(1);
        }
      },
    ),
    { numRuns: 500 },
  );
});

test("an empty window has no parts", () => {
  expect(cutWindow({ from: 5, to: 5 }, grainsFrom(0))).toEqual([]);
});

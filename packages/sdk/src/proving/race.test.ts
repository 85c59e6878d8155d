import { expect, test } from "vitest";
import { isWorthMoving, judgeRace } from "./race.ts";

/** Times around a median, the same for the same seed. */
function times(around: number, { spread, seed }: { spread: number; seed: number }) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return around * (1 + spread * (state / 2 ** 31 - 1));
  };
}

/** Runs in turn until it is over. */
function race(candidate: () => number, serving: () => number) {
  const runs = { candidate: [candidate()], serving: [serving()] };
  while (!judgeRace(runs).isOver) {
    runs.candidate.push(candidate());
    runs.serving.push(serving());
  }
  return { ...judgeRace(runs), runs: runs.candidate.length };
}

test("what is clear is over after three runs of each", () => {
  const candidate = times(5, { spread: 0.1, seed: 1 });
  const serving = times(20, { spread: 0.1, seed: 2 });
  expect(race(candidate, serving).runs).toBe(3);
  expect(race(serving, candidate).runs).toBe(3);
});

test("two runs of each decide nothing, however clear", () => {
  expect(judgeRace({ candidate: [1, 1], serving: [100, 100] }).isOver).toBe(false);
});

test("what is close takes twelve runs of each, and the medians say which is faster", () => {
  const result = race(times(9.5, { spread: 0.02, seed: 3 }), times(10, { spread: 0.02, seed: 4 }));
  expect(result.runs).toBe(12);
  expect(result.candidateMs).toBeLessThan(result.servingMs);
});

test("one run that was late by chance turns nothing round", () => {
  const { candidateMs, servingMs } = judgeRace({ candidate: [5, 900, 5], serving: [20, 20, 20] });
  expect([candidateMs, servingMs]).toEqual([5, 20]);
});

test("runs that take seconds are not made again and again", () => {
  expect(
    race(
      () => 2600,
      () => 2500,
    ).runs,
  ).toBe(1);
  expect(
    race(
      () => 1000,
      () => 900,
    ).runs,
  ).toBe(3);
});

test("an even number of runs has its median in the middle", () => {
  expect(judgeRace({ candidate: [1, 3], serving: [4, 2] })).toMatchObject({
    candidateMs: 2,
    servingMs: 3,
  });
});

test("a candidate is moved to where it is faster by a twentieth, and not where it is by less", () => {
  expect([0.2, 0.95, 0.96, 1, 3].map(isWorthMoving)).toEqual([true, true, false, false, false]);
});

import fc from "fast-check";
import { expect, test } from "vitest";
import { counted } from "../../fixtures/counted-feedback.ts";
import type { Asking, DailyFeedback, FeedbackSummary, Window } from "../../store/store.ts";
import { DAY_MS, PERIOD_MS } from "../drift/to-blocks.ts";
import { createFeedbackBlockReader } from "./read-feedback-blocks.ts";
import { summarizeFeedback } from "./summarize-feedback.ts";

type Count = FeedbackSummary["counts"][number];
type Said = readonly (readonly [day: number, count: Count])[];

const START = 200 * PERIOD_MS;
const day = (number: number) => START + number * DAY_MS;
const YEAR_MS = 400 * DAY_MS;

/** A store to which this was said, and the questions that it was asked. */
function storeOf(said: Said) {
  const asked: Window[] = [];
  return {
    asked,
    dailyFeedback: async (window: Window): Promise<DailyFeedback[]> => {
      asked.push(window);
      const isWithin = (at: number) => day(at) >= window.from && day(at) < window.to;
      const within = said.filter(([at]) => isWithin(at));
      return [...new Set(within.map(([at]) => at))].map((at) => ({
        day: day(at),
        counts: within.filter(([one]) => one === at).map(([, count]) => count),
        errors: [],
      }));
    },
  };
}

function readerOf(said: Said, { at = 60, keptMs = YEAR_MS } = {}) {
  const store = storeOf(said);
  const read = createFeedbackBlockReader({ store, keptMs, now: () => day(at) + DAY_MS / 2 });
  return { ...store, read };
}

const right = (count: number) => counted({ predicted: "a", label: "a", count });
const wrong = (count: number, label = "b") =>
  counted({ predicted: "a", label, correct: false, count });
const spans = (blocks: readonly { from: number; to: number }[]) =>
  blocks.map(({ from, to }) => [(from - START) / DAY_MS, (to - START) / DAY_MS]);

test("days are put together until there is enough, and a window is answered with the blocks it touches", async () => {
  const said = [0, 1, 2, 3].flatMap(
    (at): Said => [
      [at, right(300)],
      [at, wrong(150)],
    ],
  );
  const { read } = readerOf(said);
  expect(spans(await read({ from: day(0), to: day(30) }))).toEqual([
    [0, 2],
    [2, 4],
  ]);
  expect(spans(await read({ from: day(1) + 5, to: day(1) + 6 }))).toEqual([[0, 2]]);
  expect(spans(await read({ from: day(9), to: day(10) }))).toEqual([[2, 4]]);
  expect(await read({ from: day(50), to: day(51) })).toEqual([]);
});

test("where little is wrong, a block is as long as a week", async () => {
  const said = Array.from({ length: 10 }, (_, at) => [at, right(1000)] as const);
  expect(spans(await readerOf(said).read({ from: day(0), to: day(30) }))).toEqual([
    [0, 7],
    [7, 14],
  ]);
  const few = Array.from({ length: 10 }, (_, at) => [at, right(60)] as const);
  expect(spans(await readerOf(few).read({ from: day(0), to: day(30) }))).toEqual([[0, 9]]);
});

test("of a day that is not over nothing is told", async () => {
  const { read } = readerOf([[3, wrong(900)]], { at: 3 });
  expect(await read({ from: day(0), to: day(5) })).toEqual([]);
});

test("days are read once, a week at a time", async () => {
  const { read, asked } = readerOf([[15, wrong(900)]]);
  for (let times = 0; times < 3; times++) await read({ from: day(0), to: day(60) });
  const starts = asked.map(({ from }) => from);
  expect(new Set(starts).size).toBe(starts.length);
  expect(starts).toContain(day(14));
  expect(Math.max(...asked.map(({ from, to }) => to - from))).toBe(7 * DAY_MS);
  expect(asked.length).toBeLessThan(24);
});

test("whoever goes away is answered at once, and whoever asks next reads on from there", async () => {
  const { asked, dailyFeedback } = storeOf([[30, wrong(900)]]);
  const left = new AbortController();
  const store = {
    dailyFeedback: async (window: Window, { signal }: Asking = {}) => {
      if (signal === undefined || asked.length === 0) return dailyFeedback(window);
      left.abort();
      throw new Error("given up");
    },
  };
  const read = createFeedbackBlockReader({ store, keptMs: YEAR_MS, now: () => day(60) });
  const window = { from: day(28), to: day(60) };
  await expect(read(window, { signal: left.signal })).rejects.toMatchObject({ code: "closed" });
  expect(asked).toHaveLength(1);
  expect(spans(await read(window))).toEqual([[30, 31]]);
  expect(new Set(asked.map(({ from }) => from)).size).toBe(asked.length);
});

test("nothing is read for whoever has gone away before its turn", async () => {
  const { asked, dailyFeedback } = storeOf([[30, wrong(900)]]);
  let answerFirst = (): void => undefined;
  const answered = new Promise<void>((resolve) => {
    answerFirst = resolve;
  });
  const signals: (AbortSignal | undefined)[] = [];
  const store = {
    dailyFeedback: async (window: Window, { signal }: Asking = {}) => {
      signals.push(signal);
      await answered;
      return dailyFeedback(window);
    },
  };
  const read = createFeedbackBlockReader({ store, keptMs: YEAR_MS, now: () => day(60) });
  const window = { from: day(28), to: day(60) };
  const [stays, leaves, gone] = [1, 2, 3].map(() => new AbortController());
  gone?.abort();
  const all = [stays, leaves, gone].map((one) => read(window, { signal: one?.signal }));
  const settled = Promise.allSettled(all);
  leaves?.abort();
  answerFirst();
  const outcomes = await settled;
  expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "rejected"]);
  expect(new Set(signals)).toEqual(new Set([stays?.signal]));
  expect(new Set(asked.map(({ from }) => from)).size).toBe(asked.length);
});

test("a day that could not be read is read when someone asks again", async () => {
  const { dailyFeedback } = storeOf([[0, wrong(900)]]);
  let isBroken = true;
  const store = {
    dailyFeedback: async (window: Window) => {
      if (isBroken) throw new Error("the disk is gone");
      return dailyFeedback(window);
    },
  };
  const read = createFeedbackBlockReader({ store, keptMs: YEAR_MS, now: () => day(9) });
  const window = { from: day(0), to: day(9) };
  await expect(read(window)).rejects.toThrow("the disk is gone");
  isBroken = false;
  expect(spans(await read(window))).toEqual([[0, 1]]);
});

test("a period of which days have been dropped is told of no more, and two are whole however little is kept", async () => {
  const said = Array.from({ length: 40 }, (_, at) => [at, wrong(900)] as const);
  const kept = 20 * DAY_MS;
  const { read, asked } = readerOf(said, { at: 40, keptMs: kept });
  const blocks = await read({ from: 0, to: day(60) });
  expect(blocks.length).toBeGreaterThanOrEqual(10);
  expect(Math.min(...asked.map(({ from }) => from))).toBeGreaterThanOrEqual(day(40.5) - kept);
});

test("two fleets that differ in which rare cell, or on which day, a prediction was give the same answers", async () => {
  const windows = Array.from({ length: 6 }, (_, from) =>
    Array.from({ length: 6 - from }, (_, length) => ({
      from: day(from),
      to: day(from + length + 1),
    })),
  ).flat();
  const shown = async (said: Said) => {
    const { read } = readerOf(said);
    const details = async (window: Window) => {
      const live: FeedbackSummary = { counts: [counted({})], errors: [] };
      return summarizeFeedback(live, await read(window)).versions;
    };
    return Promise.all(windows.map(details));
  };
  const rare = fc.integer({ min: 1, max: 20 });
  await fc.assert(
    fc.asyncProperty(rare, rare, fc.integer({ min: 0, max: 1 }), async (x, y, at) => {
      const usual = [0, 1, 2, 3].flatMap(
        (each): Said => [
          [each, right(400)],
          [each, wrong(130, "b")],
        ],
      );
      const one: Said = [...usual, [at, wrong(x, "c")], [at, wrong(y, "d")]];
      const other: Said = [...usual, [1 - at, wrong(x, "d")], [1 - at, wrong(y, "c")]];
      expect(await shown(one)).toEqual(await shown(other));
    }),
    { numRuns: 20 },
  );
});

test("blocks are the same to whoever reads days as they end, and to whoever reads them all after a restart", async () => {
  const said: Said = [
    [0, right(600)],
    [12, right(400)],
    [30, wrong(300)],
  ];
  const store = storeOf(said);
  let at = 0;
  const now = () => day(at) + DAY_MS / 2;
  const read = createFeedbackBlockReader({ store, keptMs: YEAR_MS, now });
  const window = { from: day(0), to: day(60) };
  for (at = 0; at < 60; at++) await read(window);
  const steadily = await read(window);
  expect(spans(steadily).length).toBeGreaterThan(1);
  expect(await readerOf(said).read(window)).toEqual(steadily);
});

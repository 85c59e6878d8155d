import fc from "fast-check";
import { expect, test } from "vitest";
import { counted } from "../../fixtures/counted-feedback.ts";
import { mergeConfusions, publishConfusion, writeConfusion } from "./publish-confusion.ts";
import { tallyFeedback } from "./tally-feedback.ts";

type Cell = ReturnType<typeof cell>;

const cell = (predicted: string, label: string, count: number) => ({ predicted, label, count });

/** What may be known where this was said, and of some only whether they were right. */
function publish(cells: readonly Cell[], { right = 0, wrong = 0 } = {}) {
  const counts = [
    ...cells.map((one) => counted({ ...one, correct: one.predicted === one.label })),
    counted({ count: right }),
    counted({ correct: false, count: wrong }),
  ];
  const [tally] = tallyFeedback({ counts, errors: [] }).values();
  if (tally === undefined) throw new Error("nothing was said");
  return publishConfusion(tally);
}

test("cells of fifty and more are shown as they are", () => {
  const cells = [cell("a", "a", 50), cell("a", "b", 70)];
  expect(publish(cells)).toEqual({ shown: cells, hidden: 0 });
});

test("a single rare error takes the next rarest with it, so that it does not follow from how many were wrong", () => {
  const right = [cell("a", "a", 500), cell("b", "b", 60)];
  const wrong = [cell("a", "b", 3), cell("b", "a", 55), cell("c", "a", 90)];
  expect(publish([...right, ...wrong])).toEqual({
    shown: [cell("b", "b", 60), cell("a", "a", 500), cell("c", "a", 90)],
    hidden: 58,
  });
});

test("where all of a kind are rare, none is shown, and what is too few together is not told of", () => {
  const published = publish([cell("a", "a", 400), cell("a", "b", 3), cell("b", "a", 4)]);
  expect(published).toEqual({ shown: [cell("a", "a", 400)], hidden: 7 });
  expect(writeConfusion(published)).toEqual([cell("a", "a", 400)]);
});

test("predictions that told no classes, where they are few, take the next rarest with them", () => {
  const wrong = [cell("a", "b", 55), cell("b", "a", 90)];
  expect(publish(wrong, { wrong: 50 })).toEqual({ shown: wrong, hidden: 50 });
  expect(publish(wrong, { wrong: 1 })).toEqual({ shown: [cell("b", "a", 90)], hidden: 56 });
});

test("where nobody tells classes, none is hidden", () => {
  expect(publish([], { right: 800, wrong: 90 })).toEqual({ shown: [], hidden: 0 });
});

test("a pair that contradicts what was said of it is none", () => {
  const counts = [
    counted({ predicted: "a", label: "b", count: 60 }),
    counted({ predicted: "a", label: "a", correct: false, count: 60 }),
  ];
  const [tally] = tallyFeedback({ counts, errors: [] }).values();
  expect(tally).toMatchObject({ judged: 120, correct: 60, cells: new Map() });
});

test("an answer tells the most frequent first, and the hidden ones as one", () => {
  const shown = [cell("b", "b", 60), cell("a", "a", 500)];
  expect(writeConfusion({ shown, hidden: 58 })).toEqual([
    ...[cell("a", "a", 500), cell("b", "b", 60), cell("other", "other", 58)],
  ]);
});

test("of several blocks a cell is shown that all of them show", () => {
  const blocks = [
    { shown: [cell("a", "a", 500), cell("a", "b", 60)], hidden: 0 },
    { shown: [cell("a", "a", 300)], hidden: 70 },
  ];
  expect(mergeConfusions(blocks)).toEqual({ shown: [cell("a", "a", 800)], hidden: 130 });
});

test("no more than a thousand cells are shown, the most frequent ones", () => {
  const cells = Array.from({ length: 3000 }, (_, n) => cell(`${n}`, `${n % 2 ? n : "x"}`, 50 + n));
  const { shown } = publish(cells);
  expect(shown).toHaveLength(1000);
  expect(Math.min(...shown.map(({ count }) => count))).toBe(50 + 2000);
});

test("what can be had by subtraction has fifty, or is all that was right or wrong", () => {
  const count = fc.integer({ min: 1, max: 120 });
  const name = fc.constantFrom("a", "b", "c", "other");
  const drawn = fc.uniqueArray(fc.record({ predicted: name, label: name, count }), {
    selector: ({ predicted, label }) => `${predicted} ${label}`,
  });
  const few = fc.integer({ min: 0, max: 60 });
  const sum = (cells: readonly { count: number }[]) =>
    cells.reduce((total, one) => total + one.count, 0);
  fc.assert(
    fc.property(drawn, fc.record({ right: few, wrong: few }), (cells, unnamed) => {
      const { shown } = publish(cells, unnamed);
      for (const one of shown) expect(one.count).toBeGreaterThanOrEqual(50);
      for (const isRight of [true, false]) {
        const isOfKind = (one: { predicted: string; label: string }) =>
          (one.predicted === one.label) === isRight;
        const all = sum(cells.filter(isOfKind)) + (isRight ? unnamed.right : unnamed.wrong);
        const rest = all - sum(shown.filter(isOfKind));
        expect(rest === 0 || rest >= 50 || rest === all).toBe(true);
      }
    }),
  );
});

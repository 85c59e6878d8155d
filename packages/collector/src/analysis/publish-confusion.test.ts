import fc from "fast-check";
import { expect, test } from "vitest";
import { publishConfusion } from "./publish-confusion.ts";

const cell = (predicted: string, label: string, count: number) => ({ predicted, label, count });

test("cells of fifty and more are shown as they are", () => {
  const cells = [cell("a", "a", 50), cell("a", "b", 70)];
  expect(publishConfusion(cells)).toEqual(expect.arrayContaining(cells));
  expect(publishConfusion(cells)).toHaveLength(2);
});

test("a single rare error takes the next rarest with it, so that it does not follow from how many were wrong", () => {
  const right = [cell("a", "a", 500), cell("b", "b", 60)];
  const wrong = [cell("a", "b", 3), cell("b", "a", 55), cell("c", "a", 90)];
  expect(publishConfusion([...right, ...wrong])).toEqual([
    ...[cell("b", "b", 60), cell("a", "a", 500), cell("c", "a", 90), cell("other", "other", 58)],
  ]);
});

test("where all of a kind are rare, none is shown", () => {
  const cells = [cell("a", "a", 400), cell("a", "b", 3), cell("b", "a", 4)];
  expect(publishConfusion(cells)).toEqual([cell("a", "a", 400)]);
});

test("what can be had by subtraction has fifty, or is all that was right or wrong", () => {
  const count = fc.integer({ min: 1, max: 120 });
  const name = fc.constantFrom("a", "b", "c", "other");
  const drawn = fc.uniqueArray(fc.record({ predicted: name, label: name, count }), {
    selector: ({ predicted, label }) => `${predicted} ${label}`,
  });
  const sum = (cells: readonly { count: number }[]) =>
    cells.reduce((total, one) => total + one.count, 0);
  fc.assert(
    fc.property(drawn, (cells) => {
      const shown = publishConfusion(cells);
      for (const one of shown) expect(one.count).toBeGreaterThanOrEqual(50);
      const named = shown.filter(({ predicted, label }) => `${predicted}${label}` !== "otherother");
      for (const isRight of [true, false]) {
        const isOfKind = (one: { predicted: string; label: string }) =>
          (one.predicted === one.label) === isRight;
        const ofKind = cells.filter(isOfKind);
        const rest = sum(ofKind) - sum(named.filter(isOfKind));
        expect(rest === 0 || rest >= 50 || rest === sum(ofKind)).toBe(true);
      }
    }),
  );
});

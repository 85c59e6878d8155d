import { emptyHistogram, recordValue } from "@selvedge/protocol";
import { expect, test } from "vitest";
import { counted } from "../../fixtures/counted-feedback.ts";
import { mergeBlocks, publishFeedback } from "./feedback-block.ts";
import { tallyFeedback } from "./tally-feedback.ts";

const DAY = { from: 0, to: 86_400_000 };

function blockOf(tenths: Readonly<Record<number, number>>, errors = 0) {
  const counts = Object.entries(tenths).map(([tenth, count]) =>
    counted({ confidenceTenth: Number(tenth), count }),
  );
  const histogram = Array.from({ length: errors }, () => 2).reduce(recordValue, emptyHistogram());
  const [tally] = tallyFeedback({
    counts,
    errors: errors === 0 ? [] : [{ model: "rec", version: "1.0.0", histogram }],
  }).values();
  if (tally === undefined) throw new Error("nothing was said");
  return publishFeedback(tally, DAY);
}

test.each([
  [{ 3: 50, 9: 700 }, [3, 9]],
  [{ 3: 49, 9: 700 }, []],
  [{ 2: 20, 3: 30, 9: 700 }, [9]],
  [{ 2: 20, 7: 60, 9: 700 }, [9]],
])("of tenths with %o are shown %o: what is left out follows from the sum", (tenths, shown) => {
  expect(blockOf(tenths).tenths.map(({ tenth }) => tenth)).toEqual(shown);
});

test("errors are told where fifty were", () => {
  expect(blockOf({ 9: 700 }, 49).error).toBeUndefined();
  expect(blockOf({ 9: 700 }, 50).error?.count).toBe(50);
});

test("the least and the most error are not known, for each is of one", () => {
  expect(blockOf({}, 60).error).toMatchObject({ count: 60, min: undefined, max: undefined });
});

test("blocks are one with all that each of them shows", () => {
  const one = mergeBlocks([blockOf({ 3: 60, 9: 700 }, 50), blockOf({ 9: 100 }, 7)]);
  expect(one?.tenths).toEqual([
    { tenth: 3, judged: 60, correct: 60 },
    { tenth: 9, judged: 800, correct: 800 },
  ]);
  expect(one?.error?.count).toBe(50);
  expect(mergeBlocks([])).toBeUndefined();
});

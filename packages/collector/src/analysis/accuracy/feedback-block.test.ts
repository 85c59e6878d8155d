import { emptyHistogram, recordValue } from "@selvedge/protocol";
import { expect, test } from "vitest";
import { publishFeedback } from "./feedback-block.ts";
import { tallyFeedback } from "./tally-feedback.ts";

function blockOf(errors: number) {
  const histogram = Array.from({ length: errors }, () => 2).reduce(recordValue, emptyHistogram());
  const off = [{ model: "rec", version: "1.0.0", histogram }];
  const [tally] = tallyFeedback({ counts: [], errors: off }).values();
  if (tally === undefined) throw new Error("nothing was said");
  return publishFeedback(tally, { from: 0, to: 86_400_000 });
}

test("errors are told where fifty were", () => {
  expect(blockOf(49).error).toBeUndefined();
  expect(blockOf(50).error?.count).toBe(50);
});

test("the least and the most error are not known, for each is of one", () => {
  expect(blockOf(60).error).toMatchObject({ count: 60, min: undefined, max: undefined });
});

import { expect, test } from "vitest";
import { ctcDecode, recognitionLabels } from "./ctc-decode.ts";

const labels = recognitionLabels("l\no\nh\n");

/** One row of probabilities for each class named, likeliest at `certainty`. */
function stepsOf(sequence: readonly number[], certainty = 0.9) {
  return Float32Array.from(
    sequence.flatMap((chosen) =>
      labels.map((_, index) => (index === chosen ? certainty : (1 - certainty) / 4)),
    ),
  );
}

test("the labels are the blank, the keys and the space", () => {
  expect(labels).toEqual(["", "l", "o", "h", " "]);
});

test("repeats merge unless a blank lies between them", () => {
  const reading = ctcDecode(stepsOf([3, 3, 0, 2, 1, 0, 1, 2]), 5, labels);
  expect(reading.text).toBe("hollo");
  expect(reading.confidence).toBeCloseTo(0.9, 5);
});

test("spaces count between letters, not around them", () => {
  expect(ctcDecode(stepsOf([4, 2, 4, 2, 4]), 5, labels).text).toBe("o o");
});

test("nothing but blanks is an empty line that nobody believes in", () => {
  expect(ctcDecode(stepsOf([0, 0]), 5, labels)).toEqual({ text: "", confidence: 0 });
});

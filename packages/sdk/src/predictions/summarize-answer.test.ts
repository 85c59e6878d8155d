import { measure } from "@selvedge/protocol";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Tensor } from "../tensor.ts";
import { answeredCall, CLASSES, row, servedWith } from "./answered-call.fixture.ts";
import { summarizeAnswer } from "./summarize-answer.ts";

const served = servedWith({ reference: CLASSES });

function summaryOf(probabilities: Tensor) {
  return summarizeAnswer(answeredCall({ served, outputs: { probabilities } }));
}

test("of scores the best class is remembered, and how likely it is said to be", () => {
  const summary = summaryOf(row(0.125, 0.625, 0.25));
  expect(summary).toMatchObject({ predicted: "1", confidence: 0.625 });
  expect(summary).toMatchObject({
    model: "animals",
    version: "1.2.0",
    dtype: "fp32",
    backend: "wasm",
  });
});

test("scores that are no shares become some first", () => {
  expect(summaryOf(row(2, 0, 0)).confidence).toBeCloseTo(Math.E ** 2 / (Math.E ** 2 + 2));
  expect(summaryOf(row(-1, -2, -3)).predicted).toBe("0");
});

test("it is what protocol finds, which costs more", () => {
  const scores = fc.array(fc.float({ noNaN: true, noDefaultInfinity: true }), { minLength: 1 });
  fc.assert(
    fc.property(scores, (values) => {
      const classes = values.map((_, i) => String(i));
      const [feature] = CLASSES.features;
      const reference = {
        samples: 1,
        features: feature ? [{ ...feature, categories: classes }] : [],
      };
      const probabilities = row(...values);
      const call = answeredCall({ served: servedWith({ reference }), outputs: { probabilities } });
      const summary = summarizeAnswer(call);
      expect(summary.predicted).toBe(String(measure({ measure: "class" }, probabilities, 0)));
      const confidence = measure({ measure: "confidence" }, probabilities, 0);
      expect(summary.confidence).toBeCloseTo(Number(confidence), 6);
    }),
  );
});

test("of several examples at once, of a class that the reference lacks, and of NaN none is", () => {
  const rows = { ...row(1, 2, 3, 4, 5, 6), dims: [2, 3] };
  for (const scores of [rows, row(1, 2, 3, 4), row(1, Number.NaN, 2), row()])
    expect(summaryOf(scores)).not.toHaveProperty("predicted");
});

test("a label that the model gave itself is remembered where the reference has it", () => {
  const [feature] = CLASSES.features;
  if (feature === undefined) throw new Error("the reference has a feature");
  const categories = ["cat", "owl"];
  const label = { ...feature, tensor: "label", measure: "category", categories } as const;
  const labelled = servedWith({ reference: { ...CLASSES, features: [label] } });
  const answer = (data: string[]) =>
    summarizeAnswer(
      answeredCall({ served: labelled, outputs: { label: { type: "string", data, dims: [1] } } }),
    );
  expect(answer(["owl"]).predicted).toBe("owl");
  expect(JSON.stringify(answer(["Jane Doe"]))).not.toContain("Jane");
});

test("of a float16 it is what protocol finds too, and no bits of it", () => {
  const finite = fc.integer({ min: 0, max: 0xffff }).filter((bits) => (bits & 0x7c00) !== 0x7c00);
  fc.assert(
    fc.property(fc.array(finite, { minLength: 3, maxLength: 3 }), (bits) => {
      const scores = { type: "float16", data: Uint16Array.from(bits), dims: [1, 3] } as const;
      const summary = summaryOf(scores);
      expect(summary.predicted).toBe(String(measure({ measure: "class" }, scores, 0)));
      const confidence = measure({ measure: "confidence" }, scores, 0);
      expect(summary.confidence).toBeCloseTo(Number(confidence), 6);
    }),
  );
});

test("a single number is remembered as one, a float16 included, and texts are not", () => {
  const value = (y: Tensor) =>
    summarizeAnswer(answeredCall({ outputs: { y, z: row(1, 2) } })).value;
  expect(value(row(3.5))).toBe(3.5);
  expect(value({ type: "int64", data: BigInt64Array.from([7n]), dims: [1] })).toBe(7);
  expect(value({ type: "float16", data: Uint16Array.from([0xc100]), dims: [1] })).toBe(-2.5);
  expect(value({ type: "float16", data: Uint16Array.from([0x7c00]), dims: [1] })).toBeUndefined();
  expect(value({ type: "string", data: ["5"], dims: [1] })).toBeUndefined();
});

test("what is remembered does not grow with the outputs", () => {
  const scores = row(...Array.from({ length: 10_000 }, (_, i) => i));
  expect(JSON.stringify(summaryOf(scores)).length).toBeLessThan(300);
});

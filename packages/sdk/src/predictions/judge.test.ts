import { FEEDBACK } from "@selvedge/protocol";
import { expect, test } from "vitest";
import type { AnswerSummary } from "../store/database.ts";
import { judge, requireTruth } from "./judge.ts";
import type { Truth } from "./truth.ts";

const where = { id: "one", model: "m", version: "1", dtype: "fp32", backend: "wasm" };
const classes = ["cat", "dog"];
const cat: AnswerSummary = { ...where, predicted: "cat", classes, confidence: 0.83 };

function attributesOf(answer: AnswerSummary, truth: Truth) {
  const judgement = judge(answer, truth);
  return judgement.kind === "class" ? judgement.attributes : undefined;
}

test("a label of the reference is told by name, with what was predicted and how surely", () => {
  expect(attributesOf(cat, { label: "dog" })).toEqual({
    [FEEDBACK.correct]: "false",
    [FEEDBACK.predicted]: "cat",
    [FEEDBACK.label]: "dog",
    [FEEDBACK.confidence]: "8",
  });
  expect(attributesOf(cat, { label: "cat" })?.[FEEDBACK.correct]).toBe("true");
});

test("a label that the reference lacks says no more than that the answer was wrong", () => {
  const told = attributesOf(cat, { label: "Jane Doe, 12 Elm Street" });
  expect(told?.[FEEDBACK.correct]).toBe("false");
  expect(told).not.toHaveProperty([FEEDBACK.label]);
  expect(JSON.stringify(told)).not.toContain("Jane");
});

test("a class that the reference lacks is not told either, though it can be right", () => {
  const foreign = { ...where, predicted: "secret" };
  expect(attributesOf(foreign, { label: "secret" })).toEqual({ [FEEDBACK.correct]: "true" });
});

test("a label may be a number, and is held against a number that was answered", () => {
  expect(attributesOf({ ...where, value: 3 }, { label: 3 })).toEqual({
    [FEEDBACK.correct]: "true",
  });
});

test("right or wrong needs nothing known of the answer", () => {
  expect(attributesOf(where, { correct: true })).toEqual({ [FEEDBACK.correct]: "true" });
});

test("confidences fall into ten tenths, the surest into the last", () => {
  const tenths = [0, 0.05, 0.1, 0.999, 1].map(
    (confidence) => attributesOf({ ...cat, confidence }, { correct: true })?.[FEEDBACK.confidence],
  );
  expect(tenths).toEqual(["0", "0", "1", "9", "9"]);
});

test("a number is told as how far it was off, and not as itself", () => {
  expect(judge({ ...where, value: 40 }, { value: 42.5 })).toEqual({ kind: "value", error: 2.5 });
  const secret = { ...where, value: 71.2345678 };
  expect(judge(secret, { value: 0 })).toEqual({ kind: "value", error: 71 });
});

test("a truth of another kind than the answer is refused, with what it takes", () => {
  const refused = { code: "feedback-invalid" };
  const because = (message: RegExp) =>
    expect.objectContaining({ ...refused, message: expect.stringMatching(message) });
  expect(() => judge(where, { label: "cat" })).toThrow(because(/4096 scores.*\{correct\}/));
  expect(() => judge(cat, { value: 1 })).toThrow(because(/single number.*\{label\}.*\{correct\}/));
});

test("what is no truth is refused", () => {
  const refused = expect.objectContaining({ code: "feedback-invalid" });
  for (const wrong of [undefined, {}, { correct: "yes" }, { value: Number.NaN }, { label: {} }])
    expect(() => requireTruth(wrong as unknown as Truth)).toThrow(refused);
  expect(() => requireTruth({ label: "cat", correct: true } as Truth)).toThrow(refused);
});

import {
  areProbabilities,
  imageLayout,
  type Measure,
  type ReferenceFeature,
  valueCount,
} from "@selvedge/protocol";
import type { DeclaredSignature, DeclaredValue } from "../onnx/signature.ts";
import { type Example, type ExampleTensor, numbersOf } from "./example.ts";

/** What is measured of a model's inputs and outputs. */
export type FeaturePlan = Pick<
  ReferenceFeature,
  "name" | "side" | "tensor" | "element" | "measure"
>;

/** Names of the elements along the last dimension of a tensor, by the tensor's name. */
export type FeatureNames = Readonly<Record<string, readonly string[]>>;

/** Tensors with more elements in a row than this are looked at as a whole. */
const MOST_ELEMENTS = 32;

/** Ranking more scores than these would cost a page too much. */
const MOST_CLASSES = 16_384;

/** What models that end before their softmax call their outputs. */
const SCORES = /logit|score|prob|class/i;

const LOOK = ["brightness", "contrast", "sharpness"] as const;
const RANKING = ["class", "confidence", "entropy"] as const;
const WORDING = ["length", "alphabet"] as const;

/**
 * Decides what is measured, from what the examples hold:
 *
 * - of texts their length and alphabet; where they are few, which one it is, too
 * - of images their brightness, contrast and sharpness
 * - of scores of classes the likeliest class, its confidence, and the entropy
 * - of numbers each element of a short row on its own, and of others all elements as one
 */
export function planFeatures(
  examples: readonly Example[],
  declared: DeclaredSignature,
  names: FeatureNames,
): FeaturePlan[] {
  const of = (side: "input" | "output", values: readonly DeclaredValue[]) =>
    values.flatMap((value) => {
      const tensors = examples.flatMap((example) =>
        example[`${side}s`].filter(({ name }) => name === value.name),
      );
      const [first] = tensors;
      return first === undefined
        ? []
        : measuresOf(tensors, { side, value, names: names[value.name] }).map((plan) => ({
            ...plan,
            side,
            tensor: value.name,
          }));
    });
  return [...of("input", declared.inputs), ...of("output", declared.outputs)];
}

type Aspect = Pick<FeaturePlan, "name" | "element" | "measure">;

function measuresOf(
  tensors: readonly ExampleTensor[],
  {
    side,
    value: { name, dims },
    names,
  }: { side: string; value: DeclaredValue; names: readonly string[] | undefined },
): Aspect[] {
  const types = new Set(tensors.map(({ type }) => type));
  const called = (measures: readonly Measure[]) =>
    measures.map((measure) => ({ name: `${name}.${measure}`, measure }));
  if (types.has("string")) return [{ name, measure: "category" }, ...called(WORDING)];
  const isWhole = [...types].every((type) => /int|bool/.test(type));
  if (tensors.every((tensor) => imageLayout(tensor.dims) !== undefined)) return called(LOOK);
  if (side === "output" && !isWhole && areScores(name, tensors)) return called(RANKING);
  const measure = isWhole ? "category" : "value";
  const length = rowLength(tensors);
  const isRow = length !== undefined && (dims?.at(-1) ?? length) !== -1;
  if (!isRow || length === 1 || length > MOST_ELEMENTS)
    return [{ name: names?.[0] ?? name, measure, ...(length === 1 ? { element: 0 } : {}) }];
  return Array.from({ length }, (_, element) => ({
    name: names?.[element] ?? `${name}[${element}]`,
    measure,
    element,
  }));
}

/** How long rows along the last dimension are, where all are as long. */
function rowLength(tensors: readonly ExampleTensor[]): number | undefined {
  const lengths = new Set(tensors.map(({ dims }) => dims.at(-1)));
  return lengths.size === 1 ? [...lengths][0] : undefined;
}

function areScores(name: string, tensors: readonly ExampleTensor[]): boolean {
  const length = rowLength(tensors);
  if (length === undefined || length < 2 || length > MOST_CLASSES) return false;
  if (SCORES.test(name)) return true;
  return tensors.every((tensor) => {
    const rows = valueCount({ measure: "class" }, tensor);
    const numbers = numbersOf(tensor);
    return Array.from({ length: rows }, (_, row) =>
      areProbabilities(numbers.subarray(row * length, (row + 1) * length)),
    ).every(Boolean);
  });
}

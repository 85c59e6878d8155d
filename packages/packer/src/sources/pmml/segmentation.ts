import type { PmmlElement } from "./pmml-element.ts";

/** Kinds of models that become ONNX. */
export const MODELS: readonly string[] = ["RegressionModel", "TreeModel", "MiningModel"];

/** One of several models that answer together. */
export interface Segment {
  readonly model: PmmlElement;
  readonly weight: number;
}

/** Reads the models of a `MiningModel`, and how their answers are put together. */
export function segmentation(model: PmmlElement): { method: string; segments: Segment[] } {
  const element = model.requiredChild("Segmentation");
  const segments = element.children("Segment").map((segment): Segment => {
    if (segment.child("True") === undefined) segment.refuse("it does not apply to every row");
    const inner = segment.children().find(({ name }) => name.endsWith("Model"));
    if (inner === undefined) return segment.fail("it holds no model");
    if (!MODELS.includes(inner.name)) return inner.refuse(`it is a ${inner.name}`);
    return { model: inner, weight: segment.number("weight", 1) };
  });
  if (segments.length === 0) element.fail("it holds no Segment");
  return { method: element.required("multipleModelMethod"), segments };
}

/**
 * What each segment's answer is multiplied by before all are summed.
 *
 * @param methods those that there may be, each with or without weights
 */
export function shareOf(
  model: PmmlElement,
  method: string,
  segments: readonly Segment[],
  methods: Readonly<Record<string, "mean" | "sum">>,
): (weight: number) => number {
  const isWeighted = method.startsWith("weighted");
  const plain = isWeighted ? `${method.charAt(8).toLowerCase()}${method.slice(9)}` : method;
  const how = Object.hasOwn(methods, plain) ? methods[plain] : undefined;
  if (how === undefined) return model.refuse(`its segments are put together by ${method}`);
  const total = segments.reduce((sum, { weight }) => sum + (isWeighted ? weight : 1), 0);
  if (!(total > 0)) return model.fail("the weights of its segments do not add up to anything");
  const divisor = how === "mean" ? total : 1;
  return (weight) => (isWeighted ? weight : 1) / divisor;
}

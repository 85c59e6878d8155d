import { integerAttribute } from "../../onnx/onnx-node.ts";
import type { OnnxBuilder } from "./onnx-builder.ts";
import type { PmmlElement } from "./pmml-element.ts";

type Link = (builder: OnnxBuilder, y: string) => string;

const negated: Link = (builder, y) => builder.op("Neg", [y]);

const oneMinus: Link = (builder, y) => builder.op("Sub", [builder.floats([1]), y]);

const expOfMinus: Link = (builder, y) => builder.op("Exp", [negated(builder, y)]);

/** `factor · y + 0.5`. */
const aroundHalf = (builder: OnnxBuilder, y: string, factor: number): string =>
  builder.op("Add", [builder.op("Mul", [y, builder.floats([factor])]), builder.floats([0.5])]);

/**
 * What turns the sum of a regression into an answer, for one number at a time:
 * https://dmg.org/pmml/v4-4/Regression.html.
 */
const LINKS: ReadonlyMap<string, Link> = new Map([
  ["none", (_, y) => y],
  ["logit", (builder, y) => builder.op("Sigmoid", [y])],
  ["exp", (builder, y) => builder.op("Exp", [y])],
  ["cloglog", (builder, y) => oneMinus(builder, expOfMinus(builder, builder.op("Exp", [y])))],
  ["loglog", (builder, y) => expOfMinus(builder, expOfMinus(builder, y))],
  ["cauchit", (builder, y) => aroundHalf(builder, builder.op("Atan", [y]), 1 / Math.PI)],
  [
    "probit",
    (builder, y) => {
      const scaled = builder.op("Mul", [y, builder.floats([Math.SQRT1_2])]);
      return aroundHalf(builder, builder.op("Erf", [scaled]), 0.5);
    },
  ],
]);

function methodOf(model: PmmlElement): string {
  return model.attribute("normalizationMethod") ?? "none";
}

/** Turns the sum of a regression into a number. */
export function normalizeNumber(builder: OnnxBuilder, model: PmmlElement, y: string): string {
  const method = methodOf(model);
  // Of a single sum, softmax is the same as logit.
  const link = LINKS.get(method === "softmax" ? "logit" : method);
  return link === undefined ? model.refuse(`it normalizes by ${method}`) : link(builder, y);
}

/** Turns one sum for each category, `[rows, categories]`, into probabilities. */
export function normalizeCategories(
  builder: OnnxBuilder,
  model: PmmlElement,
  sums: string,
  categories: number,
): string {
  const method = methodOf(model);
  if (method === "softmax") return builder.op("Softmax", [sums], [integerAttribute("axis", 1)]);
  if (method === "simplemax") return builder.op("Div", [sums, total(builder, sums)]);
  const link = LINKS.get(method);
  if (link === undefined || (categories > 2 && method !== "none"))
    return model.refuse(`it normalizes ${categories} categories by ${method}`);
  // The last category is what the others leave.
  const bounds = [[0], [categories - 1], [1]].map((at) => builder.integers(at));
  const others = link(builder, builder.op("Slice", [sums, ...bounds]));
  const last = oneMinus(builder, categories === 2 ? others : total(builder, others));
  return builder.op("Concat", [others, last], [integerAttribute("axis", 1)]);
}

/** The sum of each row. */
function total(builder: OnnxBuilder, rows: string): string {
  return builder.op("ReduceSum", [rows, builder.integers([1])], [integerAttribute("keepdims", 1)]);
}

import { nodeAnswer, treeCategories } from "./categories.ts";
import type { DataField } from "./data-dictionary.ts";
import type { Column, FieldScope } from "./field-scope.ts";
import { type Derived, ModelScope } from "./model-scope.ts";
import type { OnnxBuilder } from "./onnx-builder.ts";
import type { PmmlElement } from "./pmml-element.ts";
import { unlessMissing } from "./predicate.ts";
import { regressionCategories, regressionNumber } from "./regression-model.ts";
import { TreeEnsemble } from "./tree-ensemble.ts";
import { addTree } from "./tree-model.ts";

/** Kinds of models that become ONNX. */
export const MODELS: readonly string[] = ["RegressionModel", "TreeModel", "MiningModel"];

/** What all models of a document are converted with. */
export interface Conversion {
  readonly builder: OnnxBuilder;
  readonly fields: ReadonlyMap<string, DataField>;
  readonly derived: Derived;
}

/** What a model that tells categories apart answers. */
export interface CategoryAnswer {
  readonly categories: readonly string[];
  /** `[rows, categories]` */
  readonly probabilities: string;
  /** The place of the winner as a float, `[rows, 1]`, where it need not be the likeliest. */
  readonly winner: string | undefined;
}

/** A tree and what it counts for among others. */
interface WeightedTree {
  readonly model: PmmlElement;
  readonly scope: FieldScope;
  readonly weight: number;
}

/** Writes a model whose function is regression. @returns `[rows, 1]` */
export function modelNumber(model: PmmlElement, outer: FieldScope, to: Conversion): string {
  const { builder } = to;
  const scope = enter(model, outer, to);
  const write = (): string => {
    if (model.name === "RegressionModel") return regressionNumber(builder, model, scope);
    if (model.name === "TreeModel") return treesNumber([{ model, scope, weight: 1 }], builder);
    const { method, segments } = segmentation(model);
    if (method === "modelChain") {
      const { last, scope: inner } = followChain(segments, scope, to);
      return modelNumber(last, inner, to);
    }
    const share = shareOf(model, method, segments, { average: "mean", sum: "sum" });
    return treesNumber(weightedTrees(segments, scope, share, to), builder);
  };
  return rescale(model, write(), builder);
}

/** Writes a model whose function is classification. */
export function modelCategories(
  model: PmmlElement,
  outer: FieldScope,
  to: Conversion,
): CategoryAnswer {
  const { builder } = to;
  const scope = enter(model, outer, to);
  if (model.name === "RegressionModel")
    return { ...regressionCategories(builder, model, scope), winner: undefined };
  if (model.name === "TreeModel")
    return oneTreeCategories(
      { model, scope, weight: 1 },
      treeCategories(model, to.fields),
      builder,
    );
  const { method, segments } = segmentation(model);
  if (method === "modelChain") {
    const { last, scope: inner } = followChain(segments, scope, to);
    return modelCategories(last, inner, to);
  }
  const share = shareOf(model, method, segments, { average: "mean", majorityVote: "mean" });
  const trees = weightedTrees(segments, scope, share, to);
  const categories = treeCategories(model, to.fields);
  const votes = /majorityVote/i.test(method);
  return {
    categories,
    probabilities: treesCategories({ trees, categories, votes, builder }),
    winner: undefined,
  };
}

function enter(
  model: PmmlElement,
  outer: FieldScope,
  { builder, derived }: Conversion,
): ModelScope {
  if (model.attribute("isScorable") === "false") model.refuse("it is marked as one not to be run");
  return new ModelScope(builder, model, outer, derived);
}

interface Segment {
  readonly model: PmmlElement;
  readonly weight: number;
}

function segmentation(model: PmmlElement): { method: string; segments: Segment[] } {
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

/** What each segment's answer is multiplied by before all are summed. */
function shareOf(
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

function weightedTrees(
  segments: readonly Segment[],
  outer: FieldScope,
  share: (weight: number) => number,
  to: Conversion,
): WeightedTree[] {
  return segments.map(({ model, weight }) => {
    if (model.name !== "TreeModel") return model.refuse(`it is a ${model.name} beside others`);
    if (model.child("Targets") !== undefined) model.refuse("it has Targets of its own");
    return { model, scope: enter(model, outer, to), weight: share(weight) };
  });
}

/** Writes all models of a chain but the last, which may use what the others answer. */
function followChain(
  segments: readonly Segment[],
  outer: FieldScope,
  to: Conversion,
): { last: PmmlElement; scope: FieldScope } {
  const answers = new Map<string, Column>();
  const scope: FieldScope = {
    column: (name, asker) => answers.get(name) ?? outer.column(name, asker),
  };
  const models = segments.map(({ model }) => model);
  const last = models.pop();
  for (const model of models) {
    if (model.required("functionName") !== "regression")
      model.refuse("it is not a regression, and stands before others in a chain");
    const value = modelNumber(model, scope, to);
    for (const output of model.child("Output")?.children("OutputField") ?? [])
      if ((output.attribute("feature") ?? "predictedValue") === "predictedValue")
        answers.set(output.required("name"), {
          value,
          isCategory: false,
          isFloat32: output.attribute("dataType") === "float",
          encode: (text, asker) => asker.parseNumber(text, "value"),
        });
  }
  if (last === undefined) throw new TypeError("a chain of no models");
  return { last, scope };
}

function treesNumber(trees: readonly WeightedTree[], builder: OnnxBuilder): string {
  const ensemble = new TreeEnsemble(1);
  return writeTrees(trees, { builder, ensemble, targets: 1 }, (node, weight) => [
    node.number("score") * weight,
  ]);
}

function treesCategories(parts: {
  trees: readonly WeightedTree[];
  categories: readonly string[];
  votes: boolean;
  builder: OnnxBuilder;
}): string {
  const { trees, categories, votes, builder } = parts;
  const targets = categories.length;
  const ensemble = new TreeEnsemble(targets);
  return writeTrees(trees, { builder, ensemble, targets }, (node, weight) => {
    const { winner, probabilities } = nodeAnswer(node, categories);
    return categories.map((_, place) =>
      votes ? (place === winner ? weight : 0) : (probabilities[place] ?? 0) * weight,
    );
  });
}

/** A tree names its winner, which need not be the likeliest: one more number of each leaf. */
function oneTreeCategories(
  tree: WeightedTree,
  categories: readonly string[],
  builder: OnnxBuilder,
): CategoryAnswer {
  const targets = categories.length + 1;
  const ensemble = new TreeEnsemble(targets);
  const answers = writeTrees([tree], { builder, ensemble, targets }, (node) => {
    const { winner, probabilities } = nodeAnswer(node, categories);
    return [...probabilities, winner];
  });
  const columns = (from: number, to: number) =>
    builder.op("Slice", [answers, ...[[from], [to], [1]].map((at) => builder.integers(at))]);
  return {
    categories,
    probabilities: columns(0, categories.length),
    winner: columns(categories.length, targets),
  };
}

function writeTrees(
  trees: readonly WeightedTree[],
  into: { builder: OnnxBuilder; ensemble: TreeEnsemble; targets: number },
  answerOf: (node: PmmlElement, weight: number) => readonly number[],
): string {
  const { builder, ensemble } = into;
  const needed = trees.flatMap(({ model, scope, weight }) =>
    addTree(model, { ...into, scope, answerOf: (node) => answerOf(node, weight) }),
  );
  if (!ensemble.asks) trees[0]?.model.refuse("it asks about no field");
  const answers = ensemble.write(builder);
  const columns = [...new Set(needed)];
  return columns.length === 0 ? answers : unlessMissing(builder, answers, columns);
}

/** What `Targets` makes of a number: https://dmg.org/pmml/v4-4/Targets.html. */
function rescale(model: PmmlElement, value: string, builder: OnnxBuilder): string {
  const [target] = model.child("Targets")?.children("Target") ?? [];
  if (target === undefined) return value;
  if (target.attribute("castInteger") !== undefined) target.refuse("it rounds to whole numbers");
  const steps = [
    ["Max", "min", undefined],
    ["Min", "max", undefined],
    ["Mul", "rescaleFactor", 1],
    ["Add", "rescaleConstant", 0],
  ] as const;
  return steps.reduce((before, [op, attribute, neutral]) => {
    if (target.attribute(attribute) === undefined) return before;
    const number = target.number(attribute);
    return number === neutral ? before : builder.op(op, [before, builder.floats([number])]);
  }, value);
}

import { targetOf, treeCategories } from "./categories.ts";
import type { DataField } from "./data-dictionary.ts";
import type { Column, FieldScope } from "./field-scope.ts";
import { type Derived, ModelScope } from "./model-scope.ts";
import type { OnnxBuilder } from "./onnx-builder.ts";
import type { PmmlElement } from "./pmml-element.ts";
import { regressionCategories, regressionNumber } from "./regression-model.ts";
import { type Segment, segmentation, shareOf } from "./segmentation.ts";
import {
  type CategoryAnswer,
  oneTreeCategories,
  treesCategories,
  treesNumber,
  type WeightedTree,
} from "./tree-answers.ts";

/** What all models of a document are converted with. */
export interface Conversion {
  readonly builder: OnnxBuilder;
  readonly fields: ReadonlyMap<string, DataField>;
  readonly derived: Derived;
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
  if (model.name === "RegressionModel") {
    const method = model.attribute("normalizationMethod") ?? "none";
    if (targetOf(model, to.fields)?.isOrdinal && !/^(soft|simple)max$/.test(method))
      model.refuse(`its categories are in an order, and normalized by ${method}`);
    return { ...regressionCategories(builder, model, scope), winner: undefined };
  }
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

import { nodeAnswer } from "./categories.ts";
import type { FieldScope } from "./field-scope.ts";
import type { OnnxBuilder } from "./onnx-builder.ts";
import type { PmmlElement } from "./pmml-element.ts";
import { unlessMissing } from "./predicate.ts";
import { TreeEnsemble } from "./tree-ensemble.ts";
import { addTree } from "./tree-model.ts";

/** What a model that tells categories apart answers. */
export interface CategoryAnswer {
  readonly categories: readonly string[];
  /** `[rows, categories]` */
  readonly probabilities: string;
  /** The place of the winner as a float, `[rows, 1]`, where it need not be the likeliest. */
  readonly winner: string | undefined;
}

/** A tree and what it counts for among others. */
export interface WeightedTree {
  readonly model: PmmlElement;
  readonly scope: FieldScope;
  readonly weight: number;
}

/** Writes trees whose numbers are summed. @returns `[rows, 1]` */
export function treesNumber(trees: readonly WeightedTree[], builder: OnnxBuilder): string {
  const ensemble = new TreeEnsemble(1);
  return writeTrees(trees, { builder, ensemble, targets: 1 }, (node, weight) => [
    node.number("score") * weight,
  ]);
}

/** Writes trees that tell categories apart together. @returns probabilities, `[rows, categories]` */
export function treesCategories(parts: {
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

/** Writes a tree that names its winner, which need not be the likeliest: one more number of each leaf. */
export function oneTreeCategories(
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

import type { DataField } from "./data-dictionary.ts";
import type { PmmlElement } from "./pmml-element.ts";

/** The field that a model predicts, where it names one. */
export function targetOf(
  model: PmmlElement,
  fields: ReadonlyMap<string, DataField>,
): DataField | undefined {
  const target = model
    .requiredChild("MiningSchema")
    .children("MiningField")
    .find((field) => /^(target|predicted)$/.test(field.attribute("usageType") ?? ""));
  return fields.get(target?.attribute("name") ?? "");
}

/**
 * The categories that trees tell apart, in the order of their probabilities: that of the target's
 * field or, where it lists no values, that in which the trees name them.
 */
export function treeCategories(
  model: PmmlElement,
  fields: ReadonlyMap<string, DataField>,
): readonly string[] {
  const listed = targetOf(model, fields)?.values ?? [];
  if (listed.length > 0) return listed;
  const named = new Set<string>();
  for (const element of model.descendants()) {
    const score = element.name === "Node" ? element.attribute("score") : undefined;
    if (score !== undefined) named.add(score);
    if (element.name === "ScoreDistribution") named.add(element.required("value"));
  }
  return [...named];
}

/** What a node of a classification tree answers. */
export interface NodeAnswer {
  /** The place of the category that it names. */
  readonly winner: number;
  /** A probability for each category. */
  readonly probabilities: readonly number[];
}

/** Reads a node's `score` and `ScoreDistribution`. */
export function nodeAnswer(node: PmmlElement, categories: readonly string[]): NodeAnswer {
  const placeOf = (category: string, asker: PmmlElement): number => {
    const place = categories.indexOf(category);
    return place === -1 ? asker.fail(`"${category}" is not a category of the target`) : place;
  };
  const distribution = node.children("ScoreDistribution");
  const probabilities = categories.map(() => 0);
  const hasAll = distribution.every((part) => part.attribute("probability") !== undefined);
  for (const part of distribution)
    probabilities[placeOf(part.required("value"), part)] = part.number(
      hasAll ? "probability" : "recordCount",
    );
  const sum = probabilities.reduce((total, part) => total + part, 0);
  if (distribution.length > 0 && !(sum > 0)) node.fail("its ScoreDistribution is of nothing");
  const score = node.attribute("score");
  if (score === undefined && distribution.length === 0) node.fail("it has no score");
  const winner =
    score === undefined ? probabilities.indexOf(Math.max(...probabilities)) : placeOf(score, node);
  if (distribution.length === 0) probabilities[winner] = 1;
  const scale = hasAll ? 1 : sum;
  return { winner, probabilities: probabilities.map((part) => part / scale) };
}

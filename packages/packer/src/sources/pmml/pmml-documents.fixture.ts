/** A PMML document around a dictionary and a model. */
export function pmml(dictionary: string, model: string, version = "4.4"): string {
  return `<?xml version="1.0" encoding="UTF-8"?>
<PMML version="${version}" xmlns="http://www.dmg.org/PMML-4_4">
  <Header/>
  <DataDictionary>${dictionary}</DataDictionary>
  ${model}
</PMML>`;
}

/** A field of numbers. */
export const numeric = (name: string, dataType = "double"): string =>
  `<DataField name="${name}" optype="continuous" dataType="${dataType}"/>`;

/** A field of texts. */
export const categorical = (name: string, values: readonly string[]): string =>
  `<DataField name="${name}" optype="categorical" dataType="string">${values
    .map((value) => `<Value value="${value}"/>`)
    .join("")}</DataField>`;

/** What a model takes, and what it tells. */
export const schema = (target: string, ...active: string[]): string =>
  `<MiningSchema><MiningField name="${target}" usageType="target"/>${active
    .map((name) => (name.startsWith("<") ? name : `<MiningField name="${name}"/>`))
    .join("")}</MiningSchema>`;

/** `field operator value`. */
export const simple = (field: string, operator: string, value: string | number): string =>
  `<SimplePredicate field="${field}" operator="${operator}" value="${value}"/>`;

/** A node of a tree: attributes, its predicate, what is inside. */
export const treeNode = (attributes: string, predicate: string, inside = ""): string =>
  `<Node ${attributes}>${predicate}${inside}</Node>`;

/** How many records of each category a node has seen. */
export const counts = (values: Readonly<Record<string, number>>): string =>
  Object.entries(values)
    .map(([value, count]) => `<ScoreDistribution value="${value}" recordCount="${count}"/>`)
    .join("");

export const COLOURS = ["red", "green", "deep blue"];

/** Fields that documents here are about: numbers, of which some lie at thresholds, and the rest. */
export const FIELDS = [
  numeric("x"),
  numeric("f", "float"),
  numeric("n", "integer"),
  categorical("colour", COLOURS),
  '<DataField name="open" optype="categorical" dataType="boolean"/>',
  numeric("y"),
  categorical("kind", ["a", "b", "c"]),
].join("");

export const term = (name: string, coefficient: number, exponent = 1) =>
  `<NumericPredictor name="${name}" coefficient="${coefficient}" exponent="${exponent}"/>`;

export const chosen = (name: string, value: string, coefficient: number) =>
  `<CategoricalPredictor name="${name}" value="${value}" coefficient="${coefficient}"/>`;

export const table = (intercept: number, terms: string, category?: string) =>
  `<RegressionTable intercept="${intercept}"${category === undefined ? "" : ` targetCategory="${category}"`}>${terms}</RegressionTable>`;

export const regressionModel = (attributes: string, tables: string, target = "y") =>
  `<RegressionModel ${attributes}>${schema(target, "x", "f", "n", "colour", "open")}${tables}</RegressionModel>`;

export const treeModel = (attributes: string, root: string, target = "y") =>
  `<TreeModel ${attributes}>${schema(target, "x", "f", "n", "colour", "open")}${root}</TreeModel>`;

/** A tree that asks all of the operators, at numbers that are no float32. */
export const numbersTree = (scale = 1) =>
  treeNode(
    'score="0"',
    "<True/>",
    treeNode(
      `score="${1 * scale}"`,
      simple("x", "lessThan", 0.1),
      treeNode(`score="${2 * scale}"`, simple("f", "lessOrEqual", -0.3)) +
        treeNode(`score="${3.5 * scale}"`, simple("f", "greaterThan", -0.3)),
    ) +
      treeNode(
        `score="${4 * scale}"`,
        simple("x", "greaterOrEqual", 0.1),
        treeNode(`score="${5 * scale}"`, simple("x", "greaterThan", 1 / 3)) +
          treeNode(`score="${-6 * scale}"`, simple("x", "lessOrEqual", 1 / 3)),
      ),
  );

export const segments = (...models: (string | [weight: number, model: string])[]) =>
  models
    .map((model) => (typeof model === "string" ? [1, model] : model))
    .map(([weight, model]) => `<Segment weight="${weight}"><True/>${model}</Segment>`)
    .join("");

export const miningModel = (options: {
  attributes: string;
  method: string;
  inside: string;
  target?: string;
  after?: string;
}) =>
  `<MiningModel ${options.attributes}>${schema(options.target ?? "y", "x", "f", "n", "colour", "open")}${options.after ?? ""}<Segmentation multipleModelMethod="${options.method}">${options.inside}</Segmentation></MiningModel>`;

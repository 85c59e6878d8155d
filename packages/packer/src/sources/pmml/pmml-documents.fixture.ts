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

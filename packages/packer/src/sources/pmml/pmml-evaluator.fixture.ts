import { DOMParser, type Element } from "@xmldom/xmldom";

/** A row: numbers, texts and booleans by field; what is missing is absent. */
export type Row = Readonly<Record<string, number | string | boolean>>;

type Value = number | string | boolean | undefined;

/** What a document says of a row. */
export interface Evaluation {
  readonly y?: number;
  readonly label?: string | undefined;
  readonly probabilities?: Readonly<Record<string, number>>;
}

/** Evaluates PMML as the standard reads, in doubles, row by row, with none of the converter's code. */
export function pmmlEvaluator(text: string): (row: Row) => Evaluation {
  const root = new DOMParser().parseFromString(text, "text/xml").documentElement;
  const model = root && inside(root).find(({ tagName }) => tagName.endsWith("Model"));
  if (!root || !model) throw new Error("no model");
  roundForFloats(root);
  const shared = inside(root, "TransformationDictionary").flatMap((part) => inside(part));
  return (row) => evaluate(model, (name) => lookUp(name, row, root, shared));
}

/** A number that is compared with a float is a float itself. */
function roundForFloats(root: Element): void {
  const floats = ["DataField", "DerivedField"]
    .flatMap((name) => Array.from(root.getElementsByTagName(name)))
    .filter((field) => field.getAttribute("dataType") === "float")
    .map((field) => field.getAttribute("name"));
  for (const predicate of Array.from(root.getElementsByTagName("SimplePredicate")))
    if (floats.includes(predicate.getAttribute("field")))
      predicate.setAttribute("value", String(Math.fround(Number(predicate.getAttribute("value")))));
}

type Lookup = (name: string) => Value;

function lookUp(name: string, row: Row, root: Element, shared: Element[]): Value {
  const derived = shared.find((field) => field.getAttribute("name") === name);
  const source = derived && inside(derived, "FieldRef")[0]?.getAttribute("field");
  if (source) {
    const value = lookUp(source, row, root, shared);
    return typeof value === "number" && derived.getAttribute("dataType") === "float"
      ? Math.fround(value)
      : value;
  }
  return row[name];
}

function evaluate(model: Element, outer: Lookup): Evaluation {
  const mining = inside(model, "MiningSchema").flatMap((part) => inside(part));
  const look: Lookup = (name) => {
    const value = outer(name);
    const field = mining.find((candidate) => candidate.getAttribute("name") === name);
    const replacement = field?.getAttribute("missingValueReplacement");
    if (value !== undefined || !replacement) return value;
    return Number.isNaN(Number(replacement)) ? replacement : Number(replacement);
  };
  const answer = evaluateKind(model, look);
  const [target] = inside(model, "Targets").flatMap((part) => inside(part));
  if (!target || answer.y === undefined) return answer;
  const number = (name: string, otherwise: number) =>
    Number(target.getAttribute(name) ?? otherwise);
  const clipped = Math.min(Math.max(answer.y, number("min", -Infinity)), number("max", Infinity));
  return { y: clipped * number("rescaleFactor", 1) + number("rescaleConstant", 0) };
}

function evaluateKind(model: Element, look: Lookup): Evaluation {
  if (model.tagName === "RegressionModel") return regression(model, look);
  if (model.tagName === "TreeModel") return tree(model, look);
  const [segmentation] = inside(model, "Segmentation");
  const segments = segmentation ? inside(segmentation, "Segment") : [];
  const method = segmentation?.getAttribute("multipleModelMethod");
  if (method === "modelChain") return chain(segments, look);
  const answers = segments.map((segment) => ({
    weight: Number(segment.getAttribute("weight") ?? 1),
    answer: evaluate(
      inside(segment).find(({ tagName }) => tagName === "TreeModel") as Element,
      look,
    ),
  }));
  const isWeighted = method?.startsWith("weighted") ?? false;
  const weights = answers.map(({ weight }) => (isWeighted ? weight : 1));
  const all = weights.reduce((a, b) => a + b, 0);
  if (model.getAttribute("functionName") === "regression") {
    const sum = answers.reduce((a, { answer }, i) => a + (answer.y ?? NaN) * (weights[i] ?? 0), 0);
    return { y: /sum$/i.test(method ?? "") ? sum : sum / all };
  }
  const probabilities: Record<string, number> = {};
  for (const [i, { answer }] of answers.entries()) {
    if (answer.label === undefined) return { label: undefined };
    const voted = /ajorityVote/.test(method ?? "") ? { [answer.label]: 1 } : answer.probabilities;
    for (const [category, probability] of Object.entries(voted ?? {}))
      probabilities[category] =
        (probabilities[category] ?? 0) + (probability * (weights[i] ?? 0)) / all;
  }
  return { probabilities, label: likeliest(probabilities) };
}

function chain(segments: Element[], look: Lookup): Evaluation {
  const known = new Map<string, number | undefined>();
  let answer: Evaluation = {};
  for (const segment of segments) {
    const model = inside(segment).find(({ tagName }) => tagName.endsWith("Model")) as Element;
    answer = evaluate(model, (name) => (known.has(name) ? known.get(name) : look(name)));
    for (const output of inside(model, "Output").flatMap((part) => inside(part)))
      known.set(output.getAttribute("name") ?? "", answer.y);
  }
  return answer;
}

function regression(model: Element, look: Lookup): Evaluation {
  const method = model.getAttribute("normalizationMethod") ?? "none";
  const sums = inside(model, "RegressionTable").map((table) => {
    let sum = Number(table.getAttribute("intercept"));
    for (const part of inside(table)) {
      const coefficient = Number(part.getAttribute("coefficient"));
      const value = look(part.getAttribute("name") ?? "");
      if (part.tagName === "NumericPredictor")
        sum += coefficient * number(value) ** Number(part.getAttribute("exponent") ?? 1);
      else if (part.tagName === "CategoricalPredictor")
        sum += String(value) === part.getAttribute("value") ? coefficient : 0;
      else
        sum += inside(part, "FieldRef").reduce(
          (product, field) => product * number(look(field.getAttribute("field") ?? "")),
          coefficient,
        );
    }
    return { category: table.getAttribute("targetCategory") ?? "", sum };
  });
  const link: Record<string, (y: number) => number> = {
    none: (y) => y,
    logit: (y) => 1 / (1 + Math.exp(-y)),
    exp: Math.exp,
    cloglog: (y) => 1 - Math.exp(-Math.exp(y)),
    loglog: (y) => Math.exp(-Math.exp(-y)),
    cauchit: (y) => 0.5 + Math.atan(y) / Math.PI,
  };
  const f = link[method] ?? ((y: number) => y);
  if (model.getAttribute("functionName") === "regression") return { y: f(sums[0]?.sum ?? NaN) };
  const total = sums.reduce((a, { sum }) => a + (method === "softmax" ? Math.exp(sum) : sum), 0);
  const shares = sums.map(({ sum }) =>
    method === "softmax" ? Math.exp(sum) / total : method === "simplemax" ? sum / total : f(sum),
  );
  if (!/max$/.test(method))
    shares[shares.length - 1] = 1 - shares.slice(0, -1).reduce((a, b) => a + b, 0);
  const probabilities = Object.fromEntries(
    sums.map(({ category }, i) => [category, shares[i] ?? NaN]),
  );
  const isMissing = shares.some(Number.isNaN);
  return { probabilities, label: isMissing ? undefined : likeliest(probabilities) };
}

function number(value: Value): number {
  return value === undefined ? NaN : Number(value);
}

function tree(model: Element, look: Lookup): Evaluation {
  const isRegression = model.getAttribute("functionName") === "regression";
  const nothing: Evaluation = isRegression ? { y: NaN } : { label: undefined };
  const strategy = model.getAttribute("missingValueStrategy") ?? "none";
  const answerOf = (node: Element): Evaluation => {
    const score = node.getAttribute("score") ?? "";
    if (isRegression) return { y: Number(score) };
    const parts = inside(node, "ScoreDistribution");
    const count = (part: Element) => Number(part.getAttribute("recordCount"));
    const all = parts.reduce((sum, part) => sum + count(part), 0);
    const entries = parts.map((part): [string, number] => [
      part.getAttribute("value") ?? "",
      count(part) / all,
    ]);
    return {
      label: score,
      probabilities: Object.fromEntries(parts.length > 0 ? entries : [[score, 1]]),
    };
  };
  let [node] = inside(model, "Node");
  if (!node || holds(node, look) !== true) return nothing;
  for (;;) {
    const children = inside(node, "Node");
    if (children.length === 0) return answerOf(node);
    let next: Element | undefined;
    for (const child of children) {
      const truth = holds(child, look);
      if (truth === undefined && strategy === "defaultChild") {
        const id = node.getAttribute("defaultChild");
        next = children.find((other) => other.getAttribute("id") === id);
        break;
      }
      if (truth !== true) continue;
      next = child;
      break;
    }
    if (!next)
      return model.getAttribute("noTrueChildStrategy") === "returnLastPrediction"
        ? answerOf(node)
        : nothing;
    node = next;
  }
}

/** @returns `undefined` for what cannot be known, since a value is missing */
function holds(node: Element, look: Lookup): boolean | undefined {
  const predicate = inside(node).find(({ tagName }) => /Predicate$|^True$|^False$/.test(tagName));
  return predicate && truth(predicate, look);
}

function truth(predicate: Element, look: Lookup): boolean | undefined {
  const { tagName } = predicate;
  if (tagName === "True" || tagName === "False") return tagName === "True";
  const operator = predicate.getAttribute("operator") ?? predicate.getAttribute("booleanOperator");
  if (tagName === "CompoundPredicate") {
    const parts = inside(predicate).map((part) => truth(part, look));
    if (operator === "and")
      return parts.includes(false) ? false : parts.includes(undefined) ? undefined : true;
    if (operator === "or")
      return parts.includes(true) ? true : parts.includes(undefined) ? undefined : false;
    return parts.includes(undefined) ? undefined : parts.filter(Boolean).length % 2 === 1;
  }
  const value = look(predicate.getAttribute("field") ?? "");
  if (value === undefined) return undefined;
  if (tagName === "SimpleSetPredicate") {
    const words = inside(predicate)[0]?.textContent?.match(/"[^"]*"|\S+/g) ?? [];
    const isIn = words.some((word) => word.replace(/"/g, "") === String(value));
    return operator === "isIn" ? isIn : !isIn;
  }
  const text = predicate.getAttribute("value") ?? "";
  const other = typeof value === "number" ? Number(text) : text;
  const own = typeof value === "boolean" ? String(value) : value;
  const results: Record<string, boolean> = {
    equal: own === other,
    notEqual: own !== other,
    lessThan: own < other,
    lessOrEqual: own <= other,
    greaterThan: own > other,
    greaterOrEqual: own >= other,
  };
  return results[operator ?? ""];
}

function likeliest(probabilities: Readonly<Record<string, number>>): string {
  // Of two that are equally likely, the first: here categories are in the order of the alphabet.
  const sorted = Object.entries(probabilities).sort(([a], [b]) => (a < b ? -1 : 1));
  const [[label] = [""]] = sorted.sort(([, a], [, b]) => b - a);
  return label;
}

function inside(element: Element, name?: string): Element[] {
  return Array.from(element.childNodes)
    .filter((node): node is Element => node.nodeType === 1)
    .filter(({ tagName }) => (name === undefined ? tagName !== "Extension" : tagName === name));
}

import { describe, expect, it } from "vitest";
import { bytesFrom, elementsOf, type NamedTensor } from "../../named-tensor.ts";
import { encode } from "../../onnx-model.fixture.ts";
import { openSession } from "../../onnx-runtime.ts";
import { seededRandom } from "../../seeded-random.ts";
import { convertPmml } from "./convert-pmml.ts";
import {
  categorical,
  counts,
  numeric,
  pmml,
  schema,
  simple,
  treeNode,
} from "./pmml-documents.fixture.ts";
import { pmmlEvaluator, type Row } from "./pmml-evaluator.fixture.ts";

const COLOURS = ["red", "green", "deep blue"];

/** Fields that documents here are about: numbers, of which some lie at thresholds, and the rest. */
const FIELDS = [
  numeric("x"),
  numeric("f", "float"),
  numeric("n", "integer"),
  categorical("colour", COLOURS),
  '<DataField name="open" optype="categorical" dataType="boolean"/>',
  numeric("y"),
  categorical("kind", ["a", "b", "c"]),
].join("");

const THRESHOLDS = [0.1, -0.3, 1 / 3, 0.7, 2.5];

const SPECIES = ["setosa", "versicolor", "virginica"];

/** 200 rows: of each number, thresholds as float32 and their neighbours, and anything between. */
function rows(missing: number): Row[] {
  const random = seededRandom(7);
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)] as T;
  const near = (): number => {
    const bits = new Int32Array(Float32Array.of(pick(THRESHOLDS)).buffer);
    bits[0] = (bits[0] ?? 0) + Math.floor(random() * 3) - 1;
    return random() < 0.5 ? (new Float32Array(bits.buffer)[0] ?? 0) : Math.fround(random() * 6 - 3);
  };
  return Array.from({ length: 200 }, () => {
    const row: Row = {
      x: near(),
      f: near(),
      n: Math.floor(random() * 7) - 3,
      colour: pick(COLOURS),
      open: random() < 0.5,
    };
    return Object.fromEntries(
      Object.entries(row).filter(([name]) => name === "open" || random() >= missing),
    );
  });
}

/** What a page would pass for these rows. */
function tensorsOf(inputs: readonly NamedTensor[], all: readonly Row[]): NamedTensor[] {
  return inputs.map(({ name, dtype }) => {
    const values = all.map((row) => {
      const value = row[name];
      if (typeof value === "string") return COLOURS.indexOf(value);
      return value === undefined ? (dtype === "int64" ? -1 : NaN) : Number(value);
    });
    const type = dtype === "int64" || dtype === "bool" ? dtype : "float32";
    return { name, dtype, dims: [all.length, 1], bytes: bytesFrom(type, values) };
  });
}

async function answers(text: string, all: readonly Row[]) {
  const { model, inputs, attachments, notes } = convertPmml(text, "m.pmml");
  const session = await openSession({ graph: encode(model), weights: new Map() });
  try {
    const outputs = await session.run(tensorsOf(inputs, all));
    const read = (name: string) => {
      const tensor = outputs.find((output) => output.name === name);
      return tensor && Array.from(elementsOf(tensor), Number);
    };
    const labels = attachments.find(({ name }) => name === "labels.txt")?.bytes;
    const categories = labels && new TextDecoder().decode(labels).trimEnd().split("\n");
    return {
      y: read("y"),
      label: read("label"),
      probabilities: read("probabilities"),
      categories,
      notes,
    };
  } finally {
    await session.close();
  }
}

/** Holds a document's answers against the reference evaluator's, row by row. */
async function expectSame(text: string, missing = 0): Promise<void> {
  const all = rows(missing);
  const { y, label, probabilities, categories = [] } = await answers(text, all);
  const evaluate = pmmlEvaluator(text);
  const seen = new Set<unknown>();
  for (const [index, row] of all.entries()) {
    const expected = evaluate(row);
    const what = `row ${index}: ${JSON.stringify(row)}`;
    if (expected.y !== undefined) {
      seen.add(expected.y);
      if (Number.isNaN(expected.y)) expect(y?.[index], what).toBeNaN();
      else
        expect(Math.abs((y?.[index] ?? NaN) - expected.y), what).toBeLessThan(
          1e-5 * Math.max(1, Math.abs(expected.y)),
        );
      continue;
    }
    seen.add(expected.label);
    expect(categories[label?.[index] ?? -1], what).toBe(expected.label);
    for (const [place, category] of categories.entries()) {
      const probability = probabilities?.[index * categories.length + place] ?? -1;
      if (expected.label === undefined) expect(probability, what).toBeNaN();
      else expect(probability, what).toBeCloseTo(expected.probabilities?.[category] ?? 0, 5);
    }
  }
  // A document of which every row has the same answer would prove nothing.
  expect(seen.size).toBeGreaterThan(1);
}

const term = (name: string, coefficient: number, exponent = 1) =>
  `<NumericPredictor name="${name}" coefficient="${coefficient}" exponent="${exponent}"/>`;

const chosen = (name: string, value: string, coefficient: number) =>
  `<CategoricalPredictor name="${name}" value="${value}" coefficient="${coefficient}"/>`;

const table = (intercept: number, terms: string, category?: string) =>
  `<RegressionTable intercept="${intercept}"${category === undefined ? "" : ` targetCategory="${category}"`}>${terms}</RegressionTable>`;

const regressionModel = (attributes: string, tables: string, target = "y") =>
  `<RegressionModel ${attributes}>${schema(target, "x", "f", "n", "colour", "open")}${tables}</RegressionModel>`;

describe("regressions", () => {
  it("answer as the line that was fitted says", async () => {
    const text = pmml(
      FIELDS,
      regressionModel('functionName="regression"', table(132.37, term("x", 7.1) + term("n", 2))),
    );
    const { y } = await answers(text, [
      { x: 10, n: 3 },
      { x: 0, n: 0 },
    ]);
    expect(y?.[0]).toBeCloseTo(209.37, 4);
    expect(y?.[1]).toBeCloseTo(132.37, 4);
  });

  it("take powers, products, categories and flags, with values missing too", async () => {
    const product =
      '<PredictorTerm coefficient="0.4"><FieldRef field="x"/><FieldRef field="f"/></PredictorTerm>';
    const terms = [
      term("x", 1.5, 2),
      term("x", -2),
      chosen("colour", "red", 41.1),
      chosen("colour", "deep blue", -3),
      chosen("open", "true", 10),
      chosen("n", "2", 0.5),
      product,
    ];
    const text = pmml(
      FIELDS,
      regressionModel('functionName="regression"', table(0.5, terms.join(""))),
    );
    await expectSame(text);
    await expectSame(text, 0.2);
  });

  it.each(["none", "logit", "exp", "cloglog", "loglog", "cauchit"])(
    "turn their sum into a number by %s",
    async (method) => {
      const attributes = `functionName="regression" normalizationMethod="${method}"`;
      await expectSame(pmml(FIELDS, regressionModel(attributes, table(0.2, term("x", 0.9)))));
    },
  );

  it("turn their sum into a number by probit", async () => {
    const attributes = 'functionName="regression" normalizationMethod="probit"';
    const text = pmml(FIELDS, regressionModel(attributes, table(0, term("x", 1))));
    const { y } = await answers(text, [{ x: 0 }, { x: 1.959964 }, { x: -1 }]);
    for (const [index, expected] of [0.5, 0.975, 0.1586553].entries())
      expect(y?.[index]).toBeCloseTo(expected, 5);
  });

  it.each(["softmax", "logit", "cauchit", "none"])(
    "tell two categories apart by %s, with values missing too",
    async (method) => {
      const tables =
        table(0.3, term("x", 1.1) + chosen("colour", "green", -0.4), "b") + table(0, "", "a");
      const attributes = `functionName="classification" normalizationMethod="${method}"`;
      const text = pmml(FIELDS, regressionModel(attributes, tables, "kind"));
      await expectSame(text);
      await expectSame(text, 0.2);
    },
  );

  it.each(["softmax", "simplemax", "none"])("tell three categories apart by %s", async (method) => {
    const tables = [
      table(0.4, term("x", 0.1, 2), "a"),
      table(0.3, term("f", 0.2, 2), "b"),
      table(0.2, term("x", 0.1, 2), "c"),
    ];
    const attributes = `functionName="classification" normalizationMethod="${method}"`;
    await expectSame(pmml(FIELDS, regressionModel(attributes, tables.join(""), "kind")));
  });
});

const treeModel = (attributes: string, root: string, target = "y") =>
  `<TreeModel ${attributes}>${schema(target, "x", "f", "n", "colour", "open")}${root}</TreeModel>`;

/** A tree that asks all of the operators, at numbers that are no float32. */
const numbersTree = (scale = 1) =>
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

const categoriesTree = (tree: { a: Record<string, number>; b: Record<string, number> }) =>
  treeNode(
    'score="c"',
    "<True/>",
    treeNode('score="a"', simple("x", "lessThan", 0.7), counts(tree.a)) +
      treeNode('score="b"', simple("x", "greaterOrEqual", 0.7), counts(tree.b)),
  );

describe("trees", () => {
  it("classify irises as the textbook does", async () => {
    const text = pmml(
      [numeric("petal length"), numeric("petal width"), categorical("species", SPECIES)].join(""),
      `<TreeModel functionName="classification">${schema("species", "petal length", "petal width")}${treeNode(
        'score="setosa"',
        "<True/>",
        treeNode(
          'score="setosa"',
          simple("petal length", "lessThan", 2.45),
          counts({ setosa: 50 }),
        ) +
          treeNode(
            'score="versicolor"',
            simple("petal length", "greaterOrEqual", 2.45),
            treeNode(
              'score="versicolor"',
              simple("petal width", "lessThan", 1.75),
              counts({ versicolor: 49, virginica: 5 }),
            ) +
              treeNode(
                'score="virginica"',
                simple("petal width", "greaterOrEqual", 1.75),
                counts({ versicolor: 1, virginica: 45 }),
              ),
          ),
      )}</TreeModel>`,
    );
    const flowers = [
      [1.4, 0.2],
      [4.7, 1.4],
      [6, 2.5],
    ] as const;
    const { label, probabilities, categories } = await answers(
      text,
      flowers.map(([length, width]) => ({ "petal length": length, "petal width": width })),
    );
    expect(categories).toEqual(SPECIES);
    expect(label).toEqual([0, 1, 2]);
    const expected = [1, 0, 0, 0, 49 / 54, 5 / 54, 0, 1 / 46, 45 / 46];
    for (const [index, probability] of expected.entries())
      expect(probabilities?.[index]).toBeCloseTo(probability, 6);
  });

  it("compare float32 with doubles as PMML does, to the last bit", async () => {
    await expectSame(pmml(FIELDS, treeModel('functionName="regression"', numbersTree())));
  });

  it("answer NaN where a value is missing", async () => {
    const text = pmml(FIELDS, treeModel('functionName="regression"', numbersTree()));
    const { y } = await answers(text, [{ x: 0, f: 1 }, { x: 0 }, { f: 1 }]);
    expect(y).toEqual([3.5, NaN, NaN]);
  });

  it("ask about sets, texts, whole numbers and flags, child after child", async () => {
    const set = (how: string, words: string) =>
      `<SimpleSetPredicate field="colour" booleanOperator="${how}"><Array type="string">${words}</Array></SimpleSetPredicate>`;
    const root = treeNode(
      'score="0"',
      "<True/>",
      treeNode('score="1"', simple("colour", "equal", "green")) +
        treeNode(
          'score="2"',
          set("isIn", 'red "deep blue"'),
          treeNode('score="3"', simple("n", "equal", 2)) +
            treeNode(
              'score="4"',
              simple("n", "notEqual", 1),
              treeNode('score="5"', simple("open", "equal", "true")),
            ) +
            treeNode('score="6"', "<True/>"),
        ) +
        treeNode('score="7"', set("isNotIn", "red")),
    );
    const attributes = 'functionName="regression" noTrueChildStrategy="returnLastPrediction"';
    await expectSame(pmml(FIELDS, treeModel(attributes, root)));
  });

  it("answer nothing where no child fits, unless they return their last prediction", async () => {
    const root = treeNode(
      'score="9"',
      "<True/>",
      treeNode('score="1"', simple("x", "lessThan", -0.3)) +
        treeNode('score="2"', simple("x", "greaterThan", 0.7)),
    );
    for (const strategy of ["returnNullPrediction", "returnLastPrediction"])
      await expectSame(
        pmml(
          FIELDS,
          treeModel(`functionName="regression" noTrueChildStrategy="${strategy}"`, root),
        ),
      );
  });

  it("answer nothing where not even the root fits", async () => {
    const root = treeNode('score="9"', simple("x", "lessThan", 0.1));
    await expectSame(pmml(FIELDS, treeModel('functionName="regression"', root)));
  });

  it.each(["and", "or", "xor"])("put predicates together by %s", async (operator) => {
    const predicate = (inner: string) =>
      `<CompoundPredicate booleanOperator="${operator}">${inner}</CompoundPredicate>`;
    const root = treeNode(
      'score="0"',
      "<True/>",
      treeNode(
        'score="1"',
        predicate(
          simple("x", "lessThan", 0.1) +
            simple("f", "greaterOrEqual", 0.7) +
            simple("n", "notEqual", 0),
        ),
      ) + treeNode('score="2"', "<True/>"),
    );
    await expectSame(pmml(FIELDS, treeModel('functionName="regression"', root)));
  });

  it("leave out what is constant in a compound", async () => {
    const compound = (operator: string, inner: string) =>
      `<CompoundPredicate booleanOperator="${operator}">${inner}</CompoundPredicate>`;
    const root = treeNode(
      'score="0"',
      compound("or", `<True/>${simple("x", "lessThan", 0.1)}`),
      treeNode('score="1"', compound("and", `<False/>${simple("x", "lessThan", 0.1)}`)) +
        treeNode('score="2"', compound("and", `<True/>${simple("x", "lessThan", 0.1)}`)) +
        treeNode('score="3"', compound("or", "<False/><True/>")),
    );
    await expectSame(pmml(FIELDS, treeModel('functionName="regression"', root)));
  });

  it("send missing values to the default child", async () => {
    const root = treeNode(
      'score="0" id="0" defaultChild="2"',
      "<True/>",
      treeNode(
        'score="1" id="1" defaultChild="1a"',
        simple("x", "lessThan", 0.1),
        treeNode('score="2" id="1a"', simple("f", "lessThan", 0.7)) +
          treeNode('score="3" id="1b"', simple("f", "greaterOrEqual", 0.7)),
      ) +
        treeNode(
          'score="4" id="2"',
          simple("x", "greaterOrEqual", 0.1),
          treeNode('score="5" id="2a"', simple("n", "lessThan", 1)) +
            treeNode('score="6" id="2b"', simple("n", "greaterOrEqual", 1)),
        ),
    );
    const attributes = 'functionName="regression" missingValueStrategy="defaultChild"';
    const text = pmml(FIELDS, treeModel(attributes, root));
    await expectSame(text);
    // Node 2 has no default child: what misses n there has no answer.
    await expectSame(text, 0.3);
  });

  it("send missing texts to the default child of several, too", async () => {
    const root = treeNode(
      'score="0" defaultChild="g"',
      "<True/>",
      treeNode('score="1" id="r"', simple("colour", "equal", "red")) +
        treeNode(
          'score="2" id="g"',
          '<SimpleSetPredicate field="colour" booleanOperator="isIn"><Array>green</Array></SimpleSetPredicate>',
        ) +
        treeNode('score="3" id="b"', simple("colour", "equal", "deep blue")),
    );
    const attributes = 'functionName="regression" missingValueStrategy="defaultChild"';
    await expectSame(pmml(FIELDS, treeModel(attributes, root)), 0.3);
  });

  it("replace missing values where the schema says by what", async () => {
    const mining = [
      '<MiningField name="x" missingValueReplacement="5"/>',
      '<MiningField name="colour" missingValueReplacement="green"/>',
      "f",
    ];
    const root = treeNode(
      'score="0"',
      "<True/>",
      treeNode(
        'score="1"',
        simple("colour", "equal", "green"),
        treeNode('score="2"', simple("x", "greaterThan", 4)) + treeNode('score="3"', "<True/>"),
      ) + treeNode('score="4"', "<True/>"),
    );
    const model = `<TreeModel functionName="regression">${schema("y", ...mining)}${root}</TreeModel>`;
    await expectSame(pmml(FIELDS, model), 0.3);
  });

  it("know fields by the names that were derived for them", async () => {
    const derived = `<TransformationDictionary><DerivedField name="float(x)" optype="continuous" dataType="float"><FieldRef field="x"/></DerivedField></TransformationDictionary>`;
    const root = treeNode(
      'score="0"',
      "<True/>",
      treeNode('score="1"', simple("float(x)", "lessOrEqual", Math.fround(0.1))) +
        treeNode('score="2"', "<True/>"),
    );
    await expectSame(pmml(FIELDS, derived + treeModel('functionName="regression"', root)));
  });

  it("name a winner that need not be the likeliest", async () => {
    const root = categoriesTree({ a: { a: 1, b: 3 }, b: { c: 2, b: 2 } });
    const text = pmml(FIELDS, treeModel('functionName="classification"', root, "kind"));
    await expectSame(text);
    const { label, probabilities } = await answers(text, [{ x: 0 }, {}]);
    expect(label).toEqual([0, -1]);
    expect(probabilities).toEqual([0.25, 0.75, 0, NaN, NaN, NaN]);
  });
});

const segments = (...models: (string | [weight: number, model: string])[]) =>
  models
    .map((model) => (typeof model === "string" ? [1, model] : model))
    .map(([weight, model]) => `<Segment weight="${weight}"><True/>${model}</Segment>`)
    .join("");

const miningModel = (options: {
  attributes: string;
  method: string;
  inside: string;
  target?: string;
  after?: string;
}) =>
  `<MiningModel ${options.attributes}>${schema(options.target ?? "y", "x", "f", "n", "colour", "open")}${options.after ?? ""}<Segmentation multipleModelMethod="${options.method}">${options.inside}</Segmentation></MiningModel>`;

describe("forests", () => {
  const stump = (field: string, value: number, scores: [number, number]) =>
    treeModel(
      'functionName="regression"',
      treeNode(
        "",
        "<True/>",
        treeNode(`score="${scores[0]}"`, simple(field, "lessOrEqual", value)) +
          treeNode(`score="${scores[1]}"`, simple(field, "greaterThan", value)),
      ),
    );
  const three: [number, string][] = [
    [1, stump("x", 0.1, [1.25, -2])],
    [3, stump("f", -0.3, [0.125, 4])],
    [0.5, treeModel('functionName="regression"', numbersTree(0.1))],
  ];

  it.each(["average", "sum", "weightedAverage", "weightedSum"])(
    "of numbers answer with the %s",
    async (method) => {
      const inside = segments(...three);
      await expectSame(
        pmml(FIELDS, miningModel({ attributes: 'functionName="regression"', method, inside })),
      );
    },
  );

  it("of numbers are clipped and rescaled as Targets say", async () => {
    const after =
      '<Targets><Target field="y" min="-1" max="4.5" rescaleFactor="2.5" rescaleConstant="-0.5"/></Targets>';
    const attributes = 'functionName="regression"';
    const text = pmml(
      FIELDS,
      miningModel({ attributes, method: "sum", inside: segments(...three), after }),
    );
    await expectSame(text);
  });

  it.each(["majorityVote", "weightedMajorityVote", "average", "weightedAverage"])(
    "of categories answer with the %s",
    async (method) => {
      const vote = (
        field: string,
        value: number,
        [below, above]: [string, string],
        seen: Record<string, number>,
      ) =>
        treeModel(
          'functionName="classification"',
          treeNode(
            `score="${below}"`,
            "<True/>",
            treeNode(`score="${below}"`, simple(field, "lessThan", value), counts(seen)) +
              treeNode(`score="${above}"`, simple(field, "greaterOrEqual", value)),
          ),
          "kind",
        );
      const inside = segments(
        [4.3, vote("x", 0.1, ["a", "b"], { a: 3, c: 1 })],
        [2, vote("f", 0.7, ["c", "a"], { c: 7, b: 2 })],
        [1, vote("n", 1, ["b", "c"], { b: 5 })],
        [1.6, vote("x", -0.3, ["c", "a"], { c: 2, a: 1 })],
        [0.5, vote("f", 2.5, ["b", "a"], { b: 1 })],
      );
      const attributes = 'functionName="classification"';
      const text = pmml(FIELDS, miningModel({ attributes, method, inside, target: "kind" }));
      await expectSame(text);
    },
  );

  it("boosted trees hand their sum on to a regression", async () => {
    const output =
      '<Output><OutputField name="boosted" optype="continuous" dataType="double" isFinalResult="false"/></Output>';
    const first = miningModel({
      attributes: 'functionName="regression"',
      method: "sum",
      inside: segments(...three),
      after: output,
    });
    const last = `<RegressionModel functionName="classification" normalizationMethod="logit">${schema("kind", "boosted")}${table(0.1, term("boosted", 0.7), "b")}${table(0, "", "a")}</RegressionModel>`;
    const attributes = 'functionName="classification"';
    const text = pmml(
      FIELDS,
      miningModel({
        attributes,
        method: "modelChain",
        inside: segments(first, last),
        target: "kind",
      }),
    );
    await expectSame(text);
  });
});

describe("a conversion", () => {
  const stump = (predicate: string, attributes = 'functionName="regression"') =>
    treeModel(attributes, treeNode('score="0"', "<True/>", treeNode('score="1"', predicate)));

  it("takes what the model uses, each field by its name, and lists texts that it takes", () => {
    const text = pmml(FIELDS, stump(simple("colour", "equal", "green")));
    const { model, attachments, inputs } = convertPmml(text, "m.pmml");
    expect(model.graph?.input.map(({ name }) => name)).toEqual(["colour"]);
    expect(inputs.map(({ name, dtype }) => [name, dtype])).toEqual([["colour", "int64"]]);
    const [file] = attachments;
    expect(file?.name).toBe("categories.json");
    expect(JSON.parse(new TextDecoder().decode(file?.bytes))).toEqual({ colour: COLOURS });
  });

  it("takes fields in the dictionary's order, whichever is asked first", () => {
    const root = treeNode(
      "",
      simple("f", "lessThan", 1),
      treeNode('score="1"', simple("x", "lessThan", 1)),
    );
    const { model } = convertPmml(
      pmml(FIELDS, treeModel('functionName="regression"', root)),
      "m.pmml",
    );
    expect(model.graph?.input.map(({ name }) => name)).toEqual(["x", "f"]);
  });

  it("gives an answer another name where a field has its own", async () => {
    const fields = numeric("y") + numeric("z");
    const model = `<RegressionModel functionName="regression">${schema("z", "y")}${table(1, term("y", 2))}</RegressionModel>`;
    const { model: onnx } = convertPmml(pmml(fields, model), "m.pmml");
    expect(onnx.graph?.output.map(({ name }) => name)).toEqual(["y_1"]);
  });

  it("makes inputs that lead to different answers", async () => {
    const { model, inputs } = convertPmml(
      pmml(FIELDS, treeModel('functionName="regression"', numbersTree())),
      "m.pmml",
    );
    const session = await openSession({ graph: encode(model), weights: new Map() });
    const [y] = await session.run(inputs);
    await session.close();
    expect(new Set(y && Array.from(elementsOf(y), Number)).size).toBeGreaterThan(2);
  });

  it("says what it leaves out, and where it does not guess", () => {
    const output =
      '<Output><OutputField name="p" feature="predictedValue"/><OutputField name="rounded" feature="transformedValue"/></Output>';
    const model = stump(
      simple("x", "lessThan", 1),
      'functionName="regression" missingValueStrategy="lastPrediction"',
    );
    const { notes } = convertPmml(pmml(FIELDS, model.replace("<Node", `${output}<Node`)), "m.pmml");
    expect(notes).toEqual([
      expect.stringMatching(/"rounded" were left out/),
      expect.stringMatching(/NaN and not.*lastPrediction/),
    ]);
  });

  it.each<[what: string, text: string, why: RegExp]>([
    [
      "another kind of model",
      pmml(FIELDS, '<NeuralNetworkModel functionName="regression"/>'),
      /<NeuralNetworkModel> "regression": it is none of RegressionModel/,
    ],
    ["an older version", pmml(FIELDS, "", "2.1"), /PMML 2\.1/],
    [
      "a surrogate",
      pmml(
        FIELDS,
        stump(
          `<CompoundPredicate booleanOperator="surrogate">${simple("x", "lessThan", 1)}</CompoundPredicate>`,
        ),
      ),
      /<CompoundPredicate>: .*"surrogate"/,
    ],
    [
      "a test for missing values",
      pmml(FIELDS, stump('<SimplePredicate field="x" operator="isMissing"/>')),
      /<SimplePredicate> "x": it tests "isMissing"/,
    ],
    [
      "an order of texts",
      pmml(FIELDS, stump(simple("colour", "lessThan", "red"))),
      /which texts come first/,
    ],
    [
      "a computed field",
      pmml(
        FIELDS,
        `<TransformationDictionary><DerivedField name="log" optype="continuous" dataType="double"><Apply function="ln"/></DerivedField></TransformationDictionary>${stump(simple("log", "lessThan", 1))}`,
      ),
      /<DerivedField> "log": it is computed \(Apply\)/,
    ],
    [
      "a segment for some rows",
      pmml(
        FIELDS,
        miningModel({
          attributes: 'functionName="regression"',
          method: "sum",
          inside: `<Segment>${simple("x", "lessThan", 1)}<TreeModel/></Segment>`,
        }),
      ),
      /<Segment>: it does not apply to every row/,
    ],
    [
      "a median of trees",
      pmml(
        FIELDS,
        miningModel({
          attributes: 'functionName="regression"',
          method: "median",
          inside: segments(stump(simple("x", "lessThan", 1))),
        }),
      ),
      /put together by median/,
    ],
    [
      "rounding",
      pmml(
        FIELDS,
        stump(simple("x", "lessThan", 1)).replace(
          "<Node",
          '<Targets><Target castInteger="round"/></Targets><Node',
        ),
      ),
      /<Target>: it rounds/,
    ],
    [
      "a clustering",
      pmml(FIELDS, stump(simple("x", "lessThan", 1), 'functionName="clustering"')),
      /neither regression nor/,
    ],
    [
      "three categories by logit",
      pmml(
        FIELDS,
        regressionModel(
          'functionName="classification" normalizationMethod="logit"',
          table(0, term("x", 1), "a") + table(0, "", "b") + table(0, "", "c"),
          "kind",
        ),
      ),
      /3 categories by logit/,
    ],
    [
      "texts that are not listed",
      pmml(
        '<DataField name="t" optype="categorical" dataType="string"/>',
        `<TreeModel functionName="regression">${schema("y", "t")}${treeNode("", "<True/>", treeNode('score="1"', simple("t", "equal", "a")))}</TreeModel>`,
      ),
      /<DataField> "t": it is text/,
    ],
    [
      "a model that asks nothing",
      pmml(FIELDS, treeModel('functionName="regression"', treeNode('score="1"', "<True/>"))),
      /asks about no field/,
    ],
    [
      "a tree that is too deep",
      pmml(
        FIELDS,
        treeModel(
          'functionName="regression"',
          `${'<Node score="1"><True/>'.repeat(500)}${"</Node>".repeat(500)}`,
        ),
      ),
      /more than 400 nodes deep/,
    ],
  ])("refuses %s, and names it", (_, text, why) => {
    expect(() => convertPmml(text, "m.pmml")).toThrow(
      expect.objectContaining({ code: "model-unsupported", message: expect.stringMatching(why) }),
    );
  });

  it.each<[what: string, text: string, why: RegExp]>([
    ["is not XML", "<PMML", /not XML/],
    ["is not closed", pmml(FIELDS, "<TreeModel>"), /not XML/],
    ["is another kind of document", "<html/>", /not a PMML document/],
    [
      "declares entities",
      `<!DOCTYPE PMML [<!ENTITY a "b">]>${pmml(FIELDS, "")}`,
      /declares a document type/,
    ],
    ["holds no model", pmml(FIELDS, ""), /holds no model/],
    [
      "has two fields of one name",
      pmml(FIELDS + FIELDS, "<TreeModel/>"),
      /another field of this name/,
    ],
    [
      "asks about a field that is not there",
      pmml(FIELDS, stump(simple("gone", "lessThan", 1))),
      /field "gone" is not in the MiningSchema/,
    ],
    [
      "compares with no number",
      pmml(FIELDS, stump(simple("x", "lessThan", "much"))),
      /"much" is not a number/,
    ],
    [
      "compares with a text that is not listed",
      pmml(FIELDS, stump(simple("colour", "equal", "mauve"))),
      /"mauve" is not one/,
    ],
    [
      "has no score",
      pmml(FIELDS, stump(simple("x", "lessThan", 1)).replace('score="1"', "")),
      /<Node>: it has no score/,
    ],
    [
      "derives a field from itself",
      pmml(
        FIELDS,
        `<TransformationDictionary><DerivedField name="a" dataType="double"><FieldRef field="b"/></DerivedField><DerivedField name="b" dataType="double"><FieldRef field="a"/></DerivedField></TransformationDictionary>${stump(simple("a", "lessThan", 1))}`,
      ),
      /derived from itself/,
    ],
  ])("refuses a document that %s", (_, text, why) => {
    expect(() => convertPmml(text, "m.pmml")).toThrow(
      expect.objectContaining({ code: "model-invalid", message: expect.stringMatching(why) }),
    );
  });
});

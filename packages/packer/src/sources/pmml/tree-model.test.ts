import { describe, expect, it } from "vitest";
import { answers, expectSame } from "./against-evaluator.fixture.ts";
import {
  categorical,
  counts,
  FIELDS,
  numbersTree,
  numeric,
  pmml,
  schema,
  simple,
  treeModel,
  treeNode,
} from "./pmml-documents.fixture.ts";

const SPECIES = ["setosa", "versicolor", "virginica"];

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

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { elementsOf } from "../../named-tensor.ts";
import { answer } from "../../runtime/run-model.fixture.ts";
import { convertPmml } from "./convert-pmml.ts";
import {
  COLOURS,
  FIELDS,
  miningModel,
  numbersTree,
  numeric,
  pmml,
  regressionModel,
  schema,
  segments,
  simple,
  table,
  term,
  treeModel,
  treeNode,
} from "./pmml-documents.fixture.ts";

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
    const [y] = await answer(model, inputs);
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
      "an order of categories",
      pmml(
        '<DataField name="x" optype="continuous" dataType="double"/><DataField name="size" optype="ordinal" dataType="string"/>',
        `<RegressionModel functionName="classification" normalizationMethod="logit">${schema("size", "x")}${table(0, term("x", 1), "s")}${table(0, "", "l")}</RegressionModel>`,
      ),
      /in an order, and normalized by logit/,
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
          `${'<Node score="1"><True/>'.repeat(600)}${"</Node>".repeat(600)}`,
        ),
      ),
      /more than 512 deep/,
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

  it("meets damage with a code, never with an error of its libraries", () => {
    const inside = segments(stump(simple("f", "lessThan", 1)), stump(simple("n", "equal", 2)));
    const text = pmml(
      FIELDS,
      miningModel({ attributes: 'functionName="regression"', method: "sum", inside }),
    );
    const places = fc.nat(text.length);
    fc.assert(
      fc.property(places, fc.nat(40), fc.string({ maxLength: 4 }), (at, length, other) => {
        const damaged = text.slice(0, at) + other + text.slice(at + length);
        try {
          convertPmml(damaged, "m.pmml");
        } catch (error) {
          expect(error).toMatchObject({
            name: "SelvedgeError",
            message: expect.not.stringMatching("\n"),
          });
        }
      }),
      { numRuns: 300, seed: 1 },
    );
  });
});

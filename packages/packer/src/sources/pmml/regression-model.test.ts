import { describe, expect, it } from "vitest";
import { answers, expectSame } from "./against-evaluator.fixture.ts";
import { chosen, FIELDS, pmml, regressionModel, table, term } from "./pmml-documents.fixture.ts";

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

import { describe, it } from "vitest";
import { expectSame } from "./against-evaluator.fixture.ts";
import {
  counts,
  FIELDS,
  miningModel,
  numbersTree,
  pmml,
  schema,
  segments,
  simple,
  table,
  term,
  treeModel,
  treeNode,
} from "./pmml-documents.fixture.ts";

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

import { expect, test } from "vitest";
import { graph, model, node } from "../onnx/onnx-model.fixture.ts";
import { type Pass, runPasses } from "./run-passes.ts";

const adds = (operator: string): Pass => ({
  undone: `No ${operator} was added`,
  run: (_, main) => void main.node.push(node(operator, [], [])),
});

const PASSES = [adds("Relu"), adds("Neg"), adds("Abs")];

/** Holds nothing against a model but one operator. */
async function runWithout(unwanted: string) {
  const source = model(graph({}));
  const looks: number[] = [];
  const outcome = await runPasses(source, PASSES, async (run, copy) => {
    await run();
    const operators = copy.graph?.node.map(({ opType }) => opType) ?? [];
    looks.push(operators.length);
    return operators.includes(unwanted) ? `${unwanted} is in the way` : undefined;
  });
  expect(source.graph?.node).toEqual([]);
  const operators = outcome.model.graph?.node.map(({ opType }) => opType);
  return { operators, warnings: outcome.warnings, looks };
}

test("what nothing is in the way of is looked at once", async () => {
  expect(await runWithout("Exp")).toEqual({
    operators: ["Relu", "Neg", "Abs"],
    warnings: [],
    looks: [3],
  });
});

test("a pass that is in the way is left out with a warning, and the others are not", async () => {
  expect(await runWithout("Neg")).toEqual({
    operators: ["Relu", "Abs"],
    warnings: ["No Neg was added: Neg is in the way."],
    looks: [3, 1, 2, 2],
  });
});

import { clone } from "@bufbuild/protobuf";
import { ModelProtoSchema, type NodeProto } from "onnx-buf";
import { expect, test } from "vitest";
import { attribute, floats, graph, model, node, value } from "../onnx/onnx-model.fixture.ts";
import { distance, input, noise, run } from "../runtime/run-model.fixture.ts";
import { foldIntoNext } from "./fold-into-next.ts";

const WEIGHTS = [
  floats("w", [4, 2, 3, 3], noise(72)),
  floats("b", [4], [1, 2, 3, 4]),
  floats("two", [], [2]),
  floats("half", [1], [0.5]),
  floats("channel", [2, 1, 1], [1, 2]),
];
const PADDED = [attribute("pads", { ints: [1n, 1n, 1n, 1n], type: 7 })];

async function operatorsAfter(nodes: NodeProto[], outputs = ["y"]): Promise<string[]> {
  const onnx = model(
    graph({
      input: [value("x", [1, 2, 5, 5])],
      output: outputs.map((name) => value(name)),
      initializer: WEIGHTS.map((tensor) => ({ ...tensor })),
      node: nodes,
    }),
  );
  const folded = clone(ModelProtoSchema, onnx);
  if (folded.graph === undefined) return expect.fail("the model has no graph");
  foldIntoNext(folded.graph);
  const x = input([1, 2, 5, 5], noise(50));
  expect(distance(await run(folded, x), await run(onnx, x))).toBeLessThan(1e-5);
  return folded.graph.node.map(({ opType }) => opType);
}

test.each([
  ["with a bias", ["c", "w", "b"]],
  ["without a bias", ["c", "w"]],
])("a Mul and an Add with a number disappear into a Conv %s after them", async (_, inputs) => {
  const nodes = [
    node("Mul", ["two", "x"], ["a"]),
    node("Add", ["a", "half"], ["c"]),
    node("Conv", inputs, ["y"]),
  ];
  expect(await operatorsAfter(nodes)).toEqual(["Conv"]);
});

test("a Conv that pads takes the Mul, and leaves the Add", async () => {
  const mul = [node("Mul", ["x", "two"], ["a"]), node("Conv", ["a", "w", "b"], ["y"], PADDED)];
  expect(await operatorsAfter(mul)).toEqual(["Conv"]);
  const add = [node("Add", ["x", "two"], ["a"]), node("Conv", ["a", "w", "b"], ["y"], PADDED)];
  expect(await operatorsAfter(add)).toEqual(["Add", "Conv"]);
});

test("what others read too, or goes by channels, stays", async () => {
  const nodes = [node("Mul", ["x", "two"], ["a"]), node("Conv", ["a", "w"], ["y"])];
  expect(await operatorsAfter(nodes, ["y", "a"])).toEqual(["Mul", "Conv"]);
  const byChannel = [node("Mul", ["x", "channel"], ["a"]), node("Conv", ["a", "w"], ["y"])];
  expect(await operatorsAfter(byChannel)).toEqual(["Mul", "Conv"]);
});

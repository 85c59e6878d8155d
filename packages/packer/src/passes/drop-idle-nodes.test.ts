import type { AttributeProto, NodeProto, TensorProto } from "onnx-buf";
import { expect, test } from "vitest";
import { attribute, DataType, graph, longs, node, value } from "../onnx/onnx-model.fixture.ts";
import { dropIdleNodes } from "./drop-idle-nodes.ts";

const to = (type: DataType): AttributeProto[] => [attribute("to", { i: BigInt(type) })];

function left(nodes: NodeProto[], { opset = 13, initializer = [] as TensorProto[] } = {}) {
  const onnx = graph({
    input: [value("x")],
    output: [value("y"), value("z")],
    initializer,
    node: [...nodes, node("Neg", ["x"], ["z"])],
  });
  dropIdleNodes(onnx, opset);
  return onnx.node.slice(0, -1).map(({ opType, input, output }) => [opType, ...input, ...output]);
}

test.each([
  ["Identity", node("Identity", ["x"], ["a"])],
  ["Dropout that does not train", node("Dropout", ["x"], ["a", "mask"])],
  ["Cast to the type that the value has", node("Cast", ["x"], ["a"], to(DataType.FLOAT))],
  ["Concat of one value", node("Concat", ["x"], ["a"])],
  [
    "Transpose that leaves the axes where they are",
    node("Transpose", ["x"], ["a"], [attribute("perm", { ints: [0n, 1n] })]),
  ],
  ["Slice of everything", node("Slice", ["x", "zero", "behind"], ["a"])],
])("%s goes, and its reader reads what it read", (_, idle) => {
  const initializer = [longs("zero", 0), longs("behind", 2 ** 31)];
  expect(left([idle, node("Relu", ["a"], ["y"])], { initializer })).toEqual([["Relu", "x", "y"]]);
});

test("an output keeps its name where the node before can take it over", () => {
  const nodes = [node("Relu", ["x"], ["a"]), node("Identity", ["a"], ["y"])];
  expect(left(nodes)).toEqual([["Relu", "x", "y"]]);
  const answered = [node("Identity", ["x"], ["y"])];
  expect(left(answered)).toEqual([["Identity", "x", "y"]]);
});

test.each([
  ["Cast to another type", node("Cast", ["x"], ["a"], to(DataType.INT64)), 13],
  ["Slice that leaves something out", node("Slice", ["x", "one", "behind"], ["a"]), 13],
  ["Dropout that may train", node("Dropout", ["x", "", "mode"], ["a"]), 13],
  ["Dropout of an opset in which it trained", node("Dropout", ["x"], ["a"]), 6],
  ["Transpose without an order, which turns it round", node("Transpose", ["x"], ["a"]), 13],
])("%s stays", (_, busy, opset) => {
  const initializer = [longs("one", 1), longs("behind", 2 ** 31)];
  const nodes = [busy, node("Relu", ["a"], ["y"])];
  expect(left(nodes, { opset, initializer })).toHaveLength(2);
});

test("Dropout whose mask is read stays", () => {
  const nodes = [node("Dropout", ["x"], ["a", "mask"]), node("Where", ["mask", "a", "x"], ["y"])];
  expect(left(nodes)).toHaveLength(2);
});

import { expect, test } from "vitest";
import { attribute, bodyAttribute, graph, node, value } from "../onnx/onnx-model.fixture.ts";
import { mergeNodes } from "./merge-nodes.ts";

test("nodes that compute the same from the same become one, and theirs after them", () => {
  const onnx = graph({
    input: [value("x")],
    output: [value("y")],
    node: [
      node("Shape", ["x"], ["a"]),
      node("Shape", ["x"], ["b"]),
      node("Size", ["a"], ["c"]),
      node("Size", ["b"], ["d"]),
      node("Add", ["c", "d"], ["y"]),
    ],
  });
  mergeNodes(onnx);
  expect(onnx.node.map(({ opType, input }) => [opType, ...input])).toEqual([
    ["Shape", "x"],
    ["Size", "a"],
    ["Add", "c", "c"],
  ]);
});

test("what differs in an attribute, is drawn, is another's operator or is an output stays", () => {
  const axis = (i: bigint) => [attribute("axis", { i })];
  const foreign = { ...node("Shape", ["x"], ["g"]), domain: "com.example" };
  const nodes = [
    node("Flatten", ["x"], ["a"], axis(0n)),
    node("Flatten", ["x"], ["b"], axis(1n)),
    node("RandomNormalLike", ["x"], ["c"]),
    node("RandomNormalLike", ["x"], ["d"]),
    node("Relu", ["x"], ["e"]),
    node("Relu", ["x"], ["y"]),
    node("Shape", ["x"], ["f"]),
    foreign,
  ];
  const onnx = graph({ input: [value("x")], output: [value("y")], node: [...nodes] });
  mergeNodes(onnx);
  expect(onnx.node).toEqual(nodes);
});

test("what a body returns, or has another value of that name for, stays", () => {
  const body = (name: string) =>
    graph({ output: [value(name)], node: [node("Relu", ["x"], ["a"])] });
  const branches = [
    bodyAttribute("then_branch", body("b")),
    bodyAttribute("else_branch", body("b")),
  ];
  const onnx = graph({
    input: [value("x"), value("flag")],
    output: [value("y")],
    node: [
      node("Shape", ["x"], ["a"]),
      node("Shape", ["x"], ["b"]),
      node("If", ["flag"], ["y"], branches),
    ],
  });
  mergeNodes(onnx);
  expect(onnx.node.map(({ opType }) => opType)).toEqual(["Shape", "Shape", "If"]);
});

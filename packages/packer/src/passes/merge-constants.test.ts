import { AttributeProto_AttributeType as AttributeType } from "onnx-buf";
import { expect, test } from "vitest";
import { attribute, DataType, filled, floats, graph, node } from "../onnx/onnx-model.fixture.ts";
import { mergeConstants } from "./merge-constants.ts";

test("equal constants become one; other values, dims and types stay apart", () => {
  const bits = { ...filled("bits", 1, 3), dataType: DataType.INT32 };
  const merged = graph({
    initializer: [
      filled("a", 1, 3),
      filled("b", 1, 3),
      filled("c", 1, 6),
      floats("d", [], [3]),
      bits,
    ],
    node: [node("Add", ["a", "b"], ["s"]), node("Sum", ["s", "c", "d", "b"], ["y"])],
  });
  mergeConstants(merged);
  expect(merged.initializer.map(({ name }) => name)).toEqual(["a", "c", "d", "bits"]);
  expect(merged.node.map(({ input }) => input)).toEqual([
    ["a", "a"],
    ["s", "c", "d", "a"],
  ]);
});

test("a constant that is an output, or that a body refers to, keeps its name", () => {
  const body = graph({ node: [node("Add", ["c", "x"], ["z"])], output: [{ name: "z" }] });
  const branch = attribute("then_branch", { type: AttributeType.GRAPH, g: body });
  const merged = graph({
    initializer: [filled("a", 1, 3), filled("b", 1, 3), filled("c", 1, 3)],
    node: [node("If", ["a"], ["y"], [branch])],
    output: [{ name: "b" }],
  });
  mergeConstants(merged);
  expect(merged.initializer.map(({ name }) => name)).toEqual(["a", "b", "c"]);
});

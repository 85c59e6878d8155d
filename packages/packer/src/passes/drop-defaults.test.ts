import { AttributeProto_AttributeType as AttributeType } from "onnx-buf";
import { expect, test } from "vitest";
import { attribute, graph, node } from "../onnx/onnx-model.fixture.ts";
import { dropDefaults } from "./drop-defaults.ts";

const ints = (name: string, ...list: number[]) =>
  attribute(name, { type: AttributeType.INTS, ints: list.map(BigInt) });
const int = (name: string, i: number) => attribute(name, { type: AttributeType.INT, i: BigInt(i) });

test("a convolution keeps the attributes that say something", () => {
  const said = [int("group", 8), ints("strides", 2, 1), ints("pads", 0, 0, 1, 0)];
  const idle = [int("group", 1), ints("strides", 1, 1), ints("pads", 0, 0, 0, 0)];
  const shape = [ints("kernel_shape", 3, 3), ints("dilations", 1, 1)];
  const trimmed = graph({
    node: [
      node("Conv", ["x", "w"], ["a"], [...said, ...shape]),
      node("ConvTranspose", ["a", "w"], ["b"], [...idle, ...shape]),
      node("MaxPool", ["b"], ["y"], [...idle, ...shape]),
    ],
  });
  dropDefaults(trimmed);
  expect(trimmed.node.map((item) => item.attribute.map(({ name }) => name))).toEqual([
    ["group", "strides", "pads"],
    [],
    ["group", "strides", "pads", "kernel_shape", "dilations"],
  ]);
});

import { AttributeProto_AttributeType as AttributeType } from "onnx-buf";
import { describe, expect, it } from "vitest";
import { hoistConstants } from "./hoist-constants.ts";
import {
  attribute,
  bodyAttribute,
  constant,
  DataType,
  filled,
  graph,
  node,
  value,
} from "./onnx-model.fixture.ts";
import { rawContent } from "./tensor-content.ts";

function hoisted(name: string, content: Parameters<typeof attribute>[1]) {
  const main = graph({ node: [node("Constant", [], ["c"], [attribute(name, content)])] });
  hoistConstants(main);
  return main;
}

describe("hoistConstants", () => {
  it("turns a constant tensor into an initializer of the same name", () => {
    const main = graph({ node: [constant(filled("c", 3, 7)), node("Relu", ["c"], ["y"])] });
    hoistConstants(main);
    expect(main.node.map(({ opType }) => opType)).toEqual(["Relu"]);
    expect(main.initializer.map(({ name }) => name)).toEqual(["c"]);
  });

  it.each([
    ["value_float", { type: AttributeType.FLOAT, f: 1.5 }, [], Float32Array.of(1.5)],
    ["value_floats", { type: AttributeType.FLOATS, floats: [1, 2] }, [2n], Float32Array.of(1, 2)],
    ["value_int", { type: AttributeType.INT, i: -3n }, [], BigInt64Array.of(-3n)],
    ["value_ints", { type: AttributeType.INTS, ints: [4n, 5n] }, [2n], BigInt64Array.of(4n, 5n)],
  ])("turns %s into a tensor", (name, content, dims, elements) => {
    const [tensor] = hoisted(name, content).initializer;
    expect(tensor).toMatchObject({ name: "c", dims });
    expect(tensor && rawContent(tensor)).toEqual(new Uint8Array(elements.buffer));
  });

  it("leaves strings and sparse constants where they are", () => {
    const text = { type: AttributeType.STRING, s: new Uint8Array([104]) };
    const sparse = { type: AttributeType.SPARSE_TENSOR, sparseTensor: { dims: [1n] } };
    for (const main of [hoisted("value_string", text), hoisted("sparse_value", sparse)]) {
      expect(main.node).toHaveLength(1);
      expect(main.initializer).toHaveLength(0);
    }
  });

  it("leaves tensors of strings where they are", () => {
    const tensor = filled("c", 1, 0);
    tensor.dataType = DataType.STRING;
    const main = graph({ node: [constant(tensor)] });
    hoistConstants(main);
    expect(main.node).toHaveLength(1);
  });

  it("keeps the constants of a body in that body, so that equal names do not meet", () => {
    const branch = (fill: number) =>
      graph({
        node: [constant(filled("w", 2, fill)), node("Add", ["x", "w"], ["r"])],
        output: [value("r", [2])],
      });
    const main = graph({
      node: [
        node(
          "If",
          ["c"],
          ["y"],
          [bodyAttribute("then_branch", branch(1)), bodyAttribute("else_branch", branch(2))],
        ),
      ],
    });
    hoistConstants(main);
    expect(main.initializer).toHaveLength(0);
    const bodies = main.node[0]?.attribute.map(({ g }) => g);
    expect(bodies?.map((body) => body?.node.length)).toEqual([1, 1]);
    expect(bodies?.map((body) => body?.initializer[0]?.name)).toEqual(["w", "w"]);
  });
});

import { clone } from "@bufbuild/protobuf";
import type { GraphProto, ModelProto, NodeProto, TensorProto } from "onnx-buf";
import { AttributeProto_AttributeType as AttributeType, ModelProtoSchema } from "onnx-buf";
import { expect, test } from "vitest";
import {
  attribute,
  DataType,
  filled,
  floats,
  graph,
  model,
  node,
  value,
} from "../onnx/onnx-model.fixture.ts";
import { distance, input, noise, run } from "../runtime/run-model.fixture.ts";
import { halfGraph } from "./half-graph.ts";
import { observeValues } from "./observe-values.ts";

const x = input([2, 32], noise(64, 5));
const weight = (name: string, seed = 7) => floats(name, [32, 32], noise(1024, seed));

function modelOf(initializer: TensorProto[], nodes: NodeProto[]): ModelProto {
  return model(
    graph({ input: [value("x", [2, 32])], output: [value("y")], initializer, node: nodes }),
  );
}

/** What becomes of a model, and how far its answers are from what they were. */
async function halved(before: ModelProto) {
  const after = clone(ModelProtoSchema, before);
  const made = after.graph ?? expect.fail("the model has no graph");
  halfGraph(made, await observeValues(before, [{ inputs: [x], outputs: [] }]));
  const answers = await run(after, x);
  return { made, off: distance(answers, await run(before, x)), answers };
}

/** Operators with the type that each reads first: `Cast` aside, as they follow one another. */
function computing({ node: nodes, initializer }: GraphProto): string[] {
  const isHalf = new Set(
    initializer.filter(({ dataType }) => dataType === DataType.FLOAT16).map(({ name }) => name),
  );
  for (const {
    opType,
    output,
    attribute: [to],
  } of nodes)
    if (opType === "Cast" && Number(to?.i) === DataType.FLOAT16) isHalf.add(output[0] ?? "");
  return nodes.flatMap(({ opType, input: [first = ""], output }) => {
    if (opType === "Cast") return [];
    if (isHalf.has(first)) for (const name of output) isHalf.add(name);
    return [`${opType} ${isHalf.has(first) ? 16 : 32}`];
  });
}

test("nodes one after another compute in float16 between one cast at the start and one at the end", async () => {
  const { made, off } = await halved(
    modelOf(
      [weight("v"), weight("w", 8)],
      [
        node("MatMul", ["x", "v"], ["h"]),
        node("Relu", ["h"], ["r"]),
        node("MatMul", ["r", "w"], ["y"]),
      ],
    ),
  );
  expect(made.node.map(({ opType }) => opType)).toEqual([
    "Cast",
    "MatMul",
    "Relu",
    "MatMul",
    "Cast",
  ]);
  expect(made.initializer.map(({ dataType }) => dataType)).toEqual([
    DataType.FLOAT16,
    DataType.FLOAT16,
  ]);
  expect([made.input, made.output].flat().map(({ name }) => name)).toEqual(["x", "y"]);
  expect(off).toBeGreaterThan(0);
  expect(off).toBeLessThan(2e-3);
});

test("what loses too much in float16 computes in float32, and its neighbours do not", async () => {
  const { made, off } = await halved(
    modelOf(
      [weight("w")],
      [
        node("MatMul", ["x", "w"], ["h"]),
        node("Softmax", ["h"], ["s"]),
        node("MatMul", ["s", "w"], ["y"]),
      ],
    ),
  );
  expect(computing(made)).toEqual(["MatMul 16", "Softmax 32", "MatMul 16"]);
  expect(off).toBeLessThan(2e-3);
});

test("a node computes in float32 where its values leave float16's range on the golden inputs", async () => {
  const { made, off } = await halved(
    modelOf(
      [filled("large", 1, 30_000), weight("w")],
      [
        node("MatMul", ["x", "w"], ["h"]),
        node("Mul", ["h", "large"], ["m"]),
        node("Div", ["m", "large"], ["y"]),
      ],
    ),
  );
  expect(computing(made)).toEqual(["MatMul 16", "Mul 32", "Div 32"]);
  expect(off).toBeLessThan(2e-3);
});

test.each([
  ["vanishes", 1e-12],
  ["overflows", 1e6],
])("a node whose constant %s in float16 computes in float32", async (_, constant) => {
  const { made } = await halved(
    modelOf([filled("c", 1, constant)], [node("Add", ["x", "c"], ["y"])]),
  );
  expect(computing(made)).toEqual(["Add 32"]);
});

test("a weight that overflows stays as it is, rather than being clamped", async () => {
  const values = noise(1024);
  values[3] = 1e5;
  const { made, off } = await halved(
    modelOf([floats("w", [32, 32], values)], [node("MatMul", ["x", "w"], ["y"])]),
  );
  expect(made.initializer.map(({ name, dataType }) => [name, dataType])).toEqual([
    ["w", DataType.FLOAT],
  ]);
  expect(off).toBe(0);
});

test("the scales of Resize are float32 whatever it resizes", async () => {
  const { made, off } = await halved(
    modelOf(
      [floats("roi", [0], []), floats("scales", [2], [1, 2])],
      [node("Relu", ["x"], ["r"]), node("Resize", ["r", "roi", "scales"], ["y"])],
    ),
  );
  expect(computing(made)).toEqual(["Relu 16", "Resize 16"]);
  expect(made.node.find(({ opType }) => opType === "Resize")?.input.slice(1)).toEqual([
    "roi",
    "scales",
  ]);
  expect(off).toBeLessThan(1e-3);
});

test("a weight that both kinds of node read is stored once, in float16", async () => {
  const { made, off } = await halved(
    modelOf(
      [weight("w")],
      [
        node("MatMul", ["x", "w"], ["h"]),
        node("ReduceMax", ["w"], ["m"]),
        node("Add", ["h", "m"], ["y"]),
      ],
    ),
  );
  expect(made.initializer.map(({ dims, dataType }) => [dims.length, dataType])).toEqual([
    [2, DataType.FLOAT16],
  ]);
  expect(computing(made)).toContain("ReduceMax 32");
  expect(off).toBeLessThan(2e-3);
});

test("a branch reads what lies around it in float32", async () => {
  const branch = (name: string) =>
    attribute(name, {
      type: AttributeType.GRAPH,
      g: graph({ output: [value("z")], node: [node("Add", ["h", "w"], ["z"])] }),
    });
  const yes = { ...filled("yes", 1, 0), dims: [], dataType: DataType.BOOL };
  yes.rawData = Uint8Array.of(1);
  const { off } = await halved(
    modelOf(
      [floats("w", [2, 32], noise(64)), weight("v"), yes],
      [
        node("MatMul", ["x", "v"], ["h"]),
        node("If", ["yes"], ["i"], [branch("then_branch"), branch("else_branch")]),
        node("Relu", ["i"], ["y"]),
      ],
    ),
  );
  expect(off).toBeLessThan(2e-3);
});

test("whole numbers stay whole numbers", async () => {
  const to = attribute("to", { type: AttributeType.INT, i: BigInt(DataType.INT64) });
  const { made } = await halved(
    modelOf(
      [filled("big", 1, 4001)],
      [
        node("Shape", ["x"], ["s"]),
        node("Cast", ["big"], ["b"], [to]),
        node("Mul", ["s", "b"], ["m"]),
        node(
          "Cast",
          ["m"],
          ["y"],
          [attribute("to", { type: AttributeType.INT, i: BigInt(DataType.FLOAT) })],
        ),
      ],
    ),
  );
  expect(made.node.map(({ opType }) => opType)).toEqual(["Shape", "Cast", "Mul", "Cast"]);
});

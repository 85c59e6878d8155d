import { clone } from "@bufbuild/protobuf";
import { type ModelProto, ModelProtoSchema } from "onnx-buf";
import { expect, test } from "vitest";
import {
  attribute,
  bodyAttribute,
  DataType,
  filled,
  floats,
  graph,
  longs,
  model,
  node,
  value,
} from "../onnx/onnx-model.fixture.ts";
import { input, noise, run } from "../runtime/run-model.fixture.ts";
import { foldConstants } from "./fold-constants.ts";

async function folded(onnx: ModelProto) {
  const copy = clone(ModelProtoSchema, onnx);
  if (copy.graph === undefined) return expect.fail("the model has no graph");
  await foldConstants(copy, copy.graph);
  const x = input([4], noise(4));
  expect(await run(copy, x)).toEqual(await run(onnx, x));
  return copy.graph;
}

const operators = ({ node: nodes }: { node: { opType: string }[] }) =>
  nodes.map(({ opType }) => opType);

test("what is computed from constants alone becomes one, whatever is on the way", async () => {
  const onnx = model(
    graph({
      input: [value("x", [4])],
      output: [value("y")],
      initializer: [floats("w", [2, 2], [1, 2, 3, 4]), longs("dims", 4)],
      node: [
        node("Transpose", ["w"], ["turned"]),
        node("Reshape", ["turned", "dims"], ["flat"]),
        node("Add", ["x", "flat"], ["y"]),
      ],
    }),
  );
  const { node: nodes, initializer } = await folded(onnx);
  expect(nodes.map(({ opType }) => opType)).toEqual(["Add"]);
  expect(initializer.map(({ name, dims }) => [name, ...dims])).toEqual([["flat", 4n]]);
});

test("bodies are folded too, with constants of the graphs around them", async () => {
  const body = (name: string, step: number) =>
    graph({
      name,
      output: [value("out")],
      initializer: [floats("step", [1], [step])],
      node: [node("Mul", ["step", "w"], ["scaled"]), node("Add", ["x", "scaled"], ["out"])],
    });
  const branches = [
    bodyAttribute("then_branch", body("then", 2)),
    bodyAttribute("else_branch", body("else", 3)),
  ];
  const onnx = model(
    graph({
      input: [value("x", [4])],
      output: [value("y")],
      initializer: [floats("w", [4], [1, 2, 3, 4]), longs("none", 0)],
      node: [
        node("ReduceMax", ["x"], ["most"], [attribute("keepdims", { i: 0n, type: 2 })]),
        node("Greater", ["most", "most"], ["flag"]),
        node("If", ["flag"], ["y"], branches),
      ],
    }),
  );
  const { node: nodes } = await folded(onnx);
  const inner = nodes[2]?.attribute.map(({ g }) => g && operators(g));
  expect(inner).toEqual([["Add"], ["Add"]]);
});

test("what would take more bytes than it is made of is left to the device", async () => {
  const halves = {
    ...floats("half", [1024], []),
    dataType: DataType.FLOAT16,
    rawData: new Uint8Array(2048),
  };
  const onnx = model(
    graph({
      input: [value("x", [4])],
      output: [value("y")],
      initializer: [halves, longs("shape", 1024), longs("from", 0), longs("to", 4)],
      node: [
        node("Cast", ["half"], ["w"], [attribute("to", { i: BigInt(DataType.FLOAT), type: 2 })]),
        node("ConstantOfShape", ["shape"], ["zeros"]),
        node("Add", ["w", "zeros"], ["sum"]),
        node("Slice", ["sum", "from", "to"], ["some"]),
        node("Add", ["x", "some"], ["y"]),
      ],
    }),
  );
  const { node: nodes } = await folded(onnx);
  expect(nodes).toHaveLength(5);
});

test("a table that is read beside a part of it is not stored twice", async () => {
  const onnx = model(
    graph({
      input: [value("x", [4])],
      output: [value("y")],
      initializer: [filled("table", 2048, 0.5), longs("from", 0), longs("to", 1024)],
      node: [
        node("Slice", ["table", "from", "to"], ["part"]),
        node("ReduceSum", ["table"], ["all"]),
        node("ReduceSum", ["part"], ["some"]),
        node("Mul", ["part", "x0"], ["scaled"]),
        node("ReduceSum", ["scaled"], ["one"]),
        node("Mul", ["table", "x0"], ["whole"]),
        node("ReduceSum", ["whole"], ["two"]),
        node("Add", ["one", "two"], ["y"]),
      ].toSpliced(3, 0, node("ReduceSum", ["x"], ["x0"])),
    }),
  );
  const { node: nodes, initializer } = await folded(onnx);
  expect(operators({ node: nodes })).toContain("Slice");
  expect(initializer.map(({ name }) => name)).not.toContain("part");
});

test("numbers that are drawn, and outputs, are left to nodes", async () => {
  const seed = [attribute("seed", { f: 1, type: 1 })];
  const onnx = model(
    graph({
      input: [value("x", [4])],
      output: [value("y"), value("w2")],
      initializer: [floats("w", [4], [1, 2, 3, 4])],
      node: [
        node("RandomNormalLike", ["w"], ["drawn"], seed),
        node("Mul", ["drawn", "drawn"], ["unread"]),
        node("Neg", ["w"], ["w2"]),
        node("Add", ["x", "w"], ["y"]),
      ],
    }),
  );
  expect(operators(await folded(onnx))).toEqual(["RandomNormalLike", "Mul", "Neg", "Add"]);
});

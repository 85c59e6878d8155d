import { clone } from "@bufbuild/protobuf";
import {
  AttributeProto_AttributeType as AttributeType,
  type GraphProto,
  type ModelProto,
  ModelProtoSchema,
  type NodeProto,
  type TensorProto,
} from "onnx-buf";
import { describe, expect, test } from "vitest";
import {
  attribute,
  DataType,
  filled,
  floats,
  graph,
  model,
  node,
  value,
} from "../onnx-model.fixture.ts";
import { distance, input, noise, run } from "../run-model.fixture.ts";
import { dimsOf } from "../tensor-content.ts";
import { type QuantizedDtype, RECIPES } from "./recipes.ts";

const int = (name: string, i: number) => attribute(name, { type: AttributeType.INT, i: BigInt(i) });
const float = (name: string, f: number) => attribute(name, { type: AttributeType.FLOAT, f });
const random = (name: string, dims: number[], seed = 7) =>
  floats(
    name,
    dims,
    noise(
      dims.reduce((product, size) => product * size, 1),
      seed,
    ),
  );

interface Case {
  readonly dims: number[];
  readonly weights: TensorProto[];
  readonly nodes: NodeProto[];
}

function modelOf({ dims, weights, nodes }: Case): ModelProto {
  return model(
    graph({
      input: [value("x", dims)],
      output: [value("y")],
      initializer: weights,
      node: nodes,
    }),
  );
}

function made(onnx: ModelProto, dtype: QuantizedDtype, opset = 13) {
  const copy = clone(ModelProtoSchema, onnx);
  if (copy.graph === undefined) return expect.fail("the model has no graph");
  RECIPES[dtype].run(copy.graph, opset);
  return { onnx: copy, graph: copy.graph, ops: copy.graph.node.map(({ opType }) => opType) };
}

async function errorOf(given: Case, dtype: QuantizedDtype): Promise<number> {
  const before = modelOf(given);
  const x = input(
    given.dims,
    noise(
      given.dims.reduce((product, size) => product * size, 1),
      3,
    ),
  );
  return distance(await run(made(before, dtype).onnx, x), await run(before, x));
}

/** Scales of int8 weights must be one for each channel: a scalar garbles what a model answers. */
function expectScalesPerChannel(made: GraphProto): void {
  const tensors = new Map(made.initializer.map((tensor) => [tensor.name, tensor]));
  const channelsOf = (name: string | undefined) => Math.max(0, ...dimsOf(found(name)));
  const found = (name: string | undefined) =>
    tensors.get(name ?? "") ?? expect.fail(`there is no tensor ${name}`);
  for (const { opType, input: names, output } of made.node) {
    if (opType === "DequantizeLinear") expect(channelsOf(names[1])).toBeGreaterThan(1);
    if (opType !== "ConvInteger" && opType !== "MatMulInteger") continue;
    expect(found(names[1]).dataType).toBe(DataType.UINT8);
    expect([...found(names[3]).rawData]).toEqual([128]);
    const cast = made.node.find((next) => next.input[0] === output[0]);
    const mul = made.node.find((next) => next.input[0] === cast?.output[0]);
    const step = made.node.find((next) => next.output[0] === mul?.input[1]);
    expect(channelsOf(step?.input[1])).toBeGreaterThan(1);
  }
}

const matMul: Case = {
  dims: [2, 3, 32],
  weights: [random("w", [32, 16])],
  nodes: [node("MatMul", ["x", "w"], ["y"])],
};
const conv: Case = {
  dims: [1, 8, 6, 6],
  weights: [random("w", [16, 8, 3, 3]), random("b", [16])],
  nodes: [node("Conv", ["x", "w", "b"], ["y"])],
};
const depthwise: Case = {
  dims: [1, 32, 6, 6],
  weights: [random("w", [32, 1, 3, 3]), random("b", [32])],
  nodes: [node("Conv", ["x", "w", "b"], ["y"], [int("group", 32)])],
};
const CASES: Record<string, Case> = {
  MatMul: matMul,
  "MatMul with a stack of matrices": {
    dims: [2, 3, 16],
    weights: [random("w", [2, 16, 16])],
    nodes: [node("MatMul", ["x", "w"], ["y"])],
  },
  Gemm: {
    dims: [3, 32],
    weights: [random("w", [32, 16]), random("b", [16])],
    nodes: [node("Gemm", ["x", "w", "b"], ["y"])],
  },
  "Gemm, transposed and scaled": {
    dims: [3, 32],
    weights: [random("w", [16, 32]), random("b", [16])],
    nodes: [
      node("Gemm", ["x", "w", "b"], ["y"], [int("transB", 1), float("alpha", 2), float("beta", 3)]),
    ],
  },
  "Gemm with its input transposed": {
    dims: [32, 3],
    weights: [random("w", [32, 16])],
    nodes: [node("Gemm", ["x", "w"], ["y"], [int("transA", 1)])],
  },
  Conv: conv,
  "Conv without bias": { ...conv, nodes: [node("Conv", ["x", "w"], ["y"])] },
  "Conv of one dimension": {
    dims: [1, 8, 20],
    weights: [random("w", [16, 8, 3]), random("b", [16])],
    nodes: [node("Conv", ["x", "w", "b"], ["y"])],
  },
  "Conv in groups": {
    dims: [1, 8, 6, 6],
    weights: [random("w", [16, 4, 3, 3]), random("b", [16])],
    nodes: [node("Conv", ["x", "w", "b"], ["y"], [int("group", 2)])],
  },
  "depthwise Conv": depthwise,
  ConvTranspose: {
    dims: [1, 8, 4, 4],
    weights: [random("w", [8, 16, 2, 2])],
    nodes: [node("ConvTranspose", ["x", "w"], ["y"])],
  },
  "Gather from a large table": {
    dims: [2, 3],
    weights: [random("table", [1024, 64])],
    nodes: [
      node("Cast", ["x"], ["rows"], [int("to", DataType.INT64)]),
      node("Gather", ["table", "rows"], ["y"]),
    ],
  },
  "a weight in three roles": {
    dims: [1, 256],
    weights: [random("w", [256, 256])],
    nodes: [
      node("Gather", ["w", "rows"], ["g"]),
      node("MatMul", ["x", "w"], ["m"]),
      node("MatMul", ["m", "w"], ["n"]),
      node("Add", ["n", "w"], ["a"]),
      node("Add", ["a", "g"], ["y"]),
    ],
  },
  "names that clash with ours": {
    dims: [1, 8, 6, 6],
    weights: [...conv.weights, random("u8/zero", [1]), random("w/u8", [1]), random("w/f16", [1])],
    nodes: [
      node("Add", ["x", "u8/zero"], ["x/u8"]),
      node("Add", ["x/u8", "w/u8"], ["y/i32"]),
      node("Add", ["y/i32", "w/f16"], ["w/f32"]),
      node("Conv", ["w/f32", "w", "b"], ["y"]),
    ],
  },
};
CASES["a weight in three roles"]?.weights.push({
  ...filled("rows", 1, 0),
  dims: [1n],
  dataType: DataType.INT64,
  rawData: new Uint8Array(BigInt64Array.of(5n).buffer),
});

describe.each([
  ["fp16", 1e-3],
  ["q8", 0.03],
  ["q8-storage", 0.02],
] as const)("%s", (dtype, limit) => {
  test.each(Object.entries(CASES))("%s stays close to fp32", async (_, given) => {
    expect(await errorOf(given, dtype)).toBeLessThan(limit);
    expectScalesPerChannel(made(modelOf(given), dtype).graph);
  });

  test("1-D, small and zero-size tensors are left alone, NaN is refused", async () => {
    const given: Case = {
      dims: [1, 3],
      weights: [filled("a", 3, 2), random("none", [0, 3])],
      nodes: [
        node("Mul", ["x", "a"], ["m"]),
        node("Concat", ["m", "none"], ["y"], [int("axis", 0)]),
      ],
    };
    expect(await errorOf(given, dtype)).toBe(0);
    const broken = modelOf(matMul);
    const values = noise(512);
    values[77] = Number.NaN;
    if (broken.graph) broken.graph.initializer = [floats("w", [32, 16], values)];
    expect(() => made(broken, dtype)).toThrow('Weight "w" is NaN at element 77');
  });
});

test("q8 gives each kind of node the treatment that suits it", () => {
  const opsOf = (given: Case) => made(modelOf(given), "q8").ops;
  const integers = ["Cast", "Mul", "Mul"];
  expect(opsOf(matMul)).toEqual(["DynamicQuantizeLinear", "MatMulInteger", ...integers]);
  expect(opsOf(conv)).toEqual(["DynamicQuantizeLinear", "ConvInteger", ...integers, "Add"]);
  expect(opsOf(depthwise)).toEqual(["DequantizeLinear", "Conv"]);
});

test("an activation that several nodes read is quantized once", () => {
  const given: Case = {
    dims: [2, 32],
    weights: [random("a", [32, 16], 1), random("b", [32, 16], 2)],
    nodes: [
      node("MatMul", ["x", "a"], ["p"]),
      node("MatMul", ["x", "b"], ["q"]),
      node("Add", ["p", "q"], ["y"]),
    ],
  };
  const { ops } = made(modelOf(given), "q8");
  expect(ops.filter((op) => op === "DynamicQuantizeLinear")).toHaveLength(1);
});

test("what the opset has no operator for stays fp32", () => {
  expect(made(modelOf(depthwise), "q8", 12).ops).toEqual(["Conv"]);
  expect(made(modelOf(conv), "q8", 10).ops).toEqual(["Conv"]);
  expect(made(modelOf(conv), "q8-storage", 12).ops).toEqual(["Conv"]);
});

test("operators of other domains are not touched, whatever they are called", () => {
  const own = { ...node("MatMul", ["x", "w"], ["y"]), domain: "com.example" };
  expect(made(modelOf({ ...matMul, nodes: [own] }), "q8").ops).toEqual(["MatMul"]);
});

test("a weight that a branch uses is float there as well", async () => {
  const branch = (name: string) =>
    attribute(name, {
      type: AttributeType.GRAPH,
      g: graph({ output: [value("z")], node: [node("Add", ["x", "w"], ["z"])] }),
    });
  const given: Case = {
    dims: [512],
    weights: [random("w", [512]), { ...filled("yes", 1, 0), dims: [], dataType: DataType.BOOL }],
    nodes: [node("If", ["yes"], ["y"], [branch("then_branch"), branch("else_branch")])],
  };
  const yes = given.weights[1];
  if (yes) yes.rawData = Uint8Array.of(1);
  expect(await errorOf(given, "fp16")).toBeLessThan(1e-3);
});

import { clone } from "@bufbuild/protobuf";
import { elementCount } from "@selvedge/protocol";
import {
  AttributeProto_AttributeType as AttributeType,
  type GraphProto,
  type ModelProto,
  ModelProtoSchema,
  type NodeProto,
  type TensorProto,
} from "onnx-buf";
import { describe, expect, test } from "vitest";
import type { Golden } from "../golden/golden.ts";
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
import { dimsOf } from "../onnx/tensor-content.ts";
import { distance, input, noise, run } from "../runtime/run-model.fixture.ts";
import { quantizeModel } from "./quantize-model.ts";
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

/** What a dtype's recipe for any device makes of a model, by itself. */
function made(onnx: ModelProto, dtype: QuantizedDtype, opset = 13) {
  const copy = clone(ModelProtoSchema, onnx);
  if (copy.graph === undefined) return expect.fail("the model has no graph");
  RECIPES[dtype].at(-1)?.run(copy.graph, opset);
  return { onnx: copy, graph: copy.graph, ops: copy.graph.node.map(({ opType }) => opType) };
}

/** Every model that a dtype's recipes make for some device. */
async function madeForDevices(onnx: ModelProto, dtype: QuantizedDtype, golden: Golden[]) {
  const models: ModelProto[] = [];
  for (const recipe of RECIPES[dtype])
    models.push((await quantizeModel({ recipe, prepared: onnx, golden })).model);
  return models;
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
  const expected = await run(before, x);
  const distances: number[] = [];
  for (const onnx of await madeForDevices(before, dtype, [{ inputs: [x], outputs: [] }]))
    distances.push(distance(await run(onnx, x), expected));
  return Math.max(...distances);
}

/**
 * Weights of 8 bits must have a scale for each channel, those of 4 bits one for each block: a single
 * scale garbles what a model answers.
 */
function expectScalesPerChannel({ initializer, node: nodes }: GraphProto): void {
  const tensors = new Map(initializer.map((tensor) => [tensor.name, tensor]));
  const reader = (name: string | undefined) => nodes.find(({ input: [first] }) => first === name);
  const maker = (name: string | undefined) => nodes.find(({ output: [first] }) => first === name);
  const found = (name: string | undefined): TensorProto =>
    tensors.get(name ?? "") ??
    // Stored as float16.
    tensors.get(maker(name)?.input[0] ?? "") ??
    expect.fail(`there is no tensor ${name}`);
  const sizeOf = (name: string | undefined) => elementCount(dimsOf(found(name)));
  /** The scales that what a node makes is multiplied by, once it is float. */
  const stepsAfter = (node: NodeProto) =>
    maker(reader(reader(node.output[0])?.output[0])?.input[1]);
  for (const node of nodes) {
    const [first, second, third, zero] = node.input;
    switch (node.opType) {
      case "DequantizeLinear": {
        const axis = node.attribute.find(({ name }) => name === "axis")?.i;
        expect(dimsOf(found(second))).toEqual([dimsOf(found(first))[Number(axis)]]);
        break;
      }
      case "MatMulNBits": {
        const [columns = 0, blocks = 0] = dimsOf(found(second));
        expect(sizeOf(third)).toBe(columns * blocks);
        break;
      }
      case "ConvInteger":
      case "MatMulInteger": {
        const weight = found(second);
        expect(weight.dataType).toBe(DataType.UINT8);
        expect([...found(zero).rawData]).toEqual([128]);
        const channels = dimsOf(weight).at(node.opType === "ConvInteger" ? 0 : 1);
        expect(sizeOf(stepsAfter(node)?.input[1])).toBe(channels);
        break;
      }
      case "Gather":
        if (tensors.get(first ?? "")?.dataType === DataType.INT8)
          expect(sizeOf(stepsAfter(node)?.input[0])).toBe(dimsOf(found(first))[0]);
    }
  }
  // Whatever else there may be in 8 bits would have gone unseen above.
  const seen = new Set([
    "DequantizeLinear",
    "MatMulNBits",
    "ConvInteger",
    "MatMulInteger",
    "Gather",
  ]);
  const eightBits = [...tensors.values()].filter(
    ({ dataType, dims }) =>
      (dataType === DataType.INT8 || dataType === DataType.UINT8) && dims.length > 1,
  );
  for (const { name } of eightBits)
    for (const { opType } of nodes.filter(({ input: names }) => names.includes(name)))
      expect(seen).toContain(opType);
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
  ["fp16", 3e-3],
  ["q8", 0.03],
  ["q8-storage", 0.02],
  ["q4", 0.15],
  ["q4f16", 0.15],
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
    // What computes in float16 rounds.
    const rounding = RECIPES[dtype].some(({ computesIn }) => computesIn === "float16") ? 1e-3 : 0;
    expect(await errorOf(given, dtype)).toBeLessThanOrEqual(rounding);
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

test("q4 stores matrices in 4 bits and what is no matrix in 8", () => {
  const opsOf = (given: Case) => made(modelOf(given), "q4").ops.filter((op) => op !== "Cast");
  expect(opsOf(matMul)).toEqual(["MatMulNBits"]);
  expect(opsOf(conv)).toEqual(["DequantizeLinear", "Conv"]);
  const gemm = CASES["Gemm, transposed and scaled"] ?? expect.fail("there is no such case");
  expect(opsOf(gemm)).toEqual(["MatMulNBits", "Add"]);
});

test("a matrix that is not as high as a block, or of numbers too small for a float16 scale, is not made 4 bits", () => {
  const low = { ...matMul, dims: [2, 3, 16], weights: [random("w", [16, 32])] };
  expect(made(modelOf(low), "q4").ops).not.toContain("MatMulNBits");
  const small = floats(
    "w",
    [32, 16],
    noise(512).map((value) => value * 1e-6),
  );
  expect(made(modelOf({ ...matMul, weights: [small] }), "q4").ops).not.toContain("MatMulNBits");
});

// One file, though long: it is a list, of each operator in each of the forms that it is written in.
import {
  type AttributeProto,
  AttributeProto_AttributeType as AttributeType,
  type GraphProto,
  type NodeProto,
  type TensorProto,
  type ValueInfoProto,
} from "onnx-buf";
import { noise } from "../runtime/run-model.fixture.ts";
import {
  attribute,
  bodyAttribute,
  constant,
  DataType,
  floats,
  graph,
  longs,
  node,
  value,
} from "./onnx-model.fixture.ts";

/** What the operators are given: the only input of their models. */
export const X_DIMS = [1, 4, 8, 8];

/** An operator in the form that some opsets write it in. */
interface Form {
  /** What it is called in the outputs' names. */
  readonly name: string;
  /** The first and the last opset that write it so. */
  readonly opsets: readonly [first: number, last: number];
  /** Writes it to answer `y` to `x`, with names that begin with `y`. */
  write(y: string): Part;
}

/** Some of a graph. */
interface Part {
  readonly nodes: NodeProto[];
  readonly weights?: TensorProto[];
}

const LAST = 22;

const int = (name: string, i: number) => attribute(name, { type: AttributeType.INT, i: BigInt(i) });
const float = (name: string, f: number) => attribute(name, { type: AttributeType.FLOAT, f });
const ints = (name: string, ...list: number[]) =>
  attribute(name, { type: AttributeType.INTS, ints: list.map(BigInt) });
const scales = (...list: number[]) =>
  attribute("scales", { type: AttributeType.FLOATS, floats: list });
const text = (name: string, s: string) =>
  attribute(name, { type: AttributeType.STRING, s: new TextEncoder().encode(s) });

/** An operator of `x` alone. */
function plain(op: string, first: number, last: number, ...attributes: AttributeProto[]): Form {
  return {
    name: op,
    opsets: [first, last],
    write: (y) => ({ nodes: [node(op, ["x"], [y], attributes)] }),
  };
}

/** An operator of `x` and constants; an empty name among them leaves an input out. */
function weighted(
  op: string,
  [first, last]: readonly [number, number],
  weights: readonly (TensorProto | "")[],
  ...attributes: AttributeProto[]
): Form {
  return {
    name: op,
    opsets: [first, last],
    write: (y) => {
      const own = weights.map((weight) => weight && renamed(weight, `${y}/${weight.name}`));
      const inputs = own.map((weight) => (weight === "" ? "" : weight.name));
      return {
        nodes: [node(op, ["x", ...inputs], [y], attributes)],
        weights: own.filter((weight) => weight !== ""),
      };
    },
  };
}

function renamed(tensor: TensorProto, name: string): TensorProto {
  return { ...tensor, name };
}

const random = (name: string, ...dims: number[]) =>
  floats(
    name,
    dims,
    noise(
      dims.reduce((product, size) => product * size, 1),
      name.length + dims.length,
    ),
  );
const positive = (name: string, ...dims: number[]) => {
  const tensor = random(name, ...dims);
  const values = new Float32Array(tensor.rawData.buffer).map((element) => 0.5 + Math.abs(element));
  return floats(name, dims, values);
};
const scalar = (name: string, element: number) => floats(name, [], [element]);

const UNARY: readonly [op: string, first: number][] = [
  ["Abs", 7],
  ["Ceil", 7],
  ["Cos", 7],
  ["Elu", 7],
  ["Erf", 9],
  ["Exp", 7],
  ["Flatten", 7],
  ["Floor", 7],
  ["Gelu", 20],
  ["GlobalAveragePool", 7],
  ["GlobalMaxPool", 7],
  ["HardSigmoid", 7],
  ["HardSwish", 14],
  ["Identity", 7],
  ["LeakyRelu", 7],
  ["Mish", 18],
  ["Neg", 7],
  ["Relu", 7],
  ["Round", 11],
  ["Selu", 7],
  ["Shape", 7],
  ["Sigmoid", 7],
  ["Sign", 9],
  ["Sinh", 9],
  ["Softplus", 7],
  ["Softsign", 7],
  ["Tanh", 7],
  ["Transpose", 7],
];

/** What comes after `x` for a BatchNormalization of its channels. */
function normalization(): TensorProto[] {
  return [positive("scale", 4), random("b", 4), random("mean", 4), positive("variance", 4)];
}

/** What stands for an input that older opsets do not let a node leave out. */
function none(name: string): TensorProto {
  return floats(name, [0], []);
}

/** Indices that are all 0. */
function zeros(...dims: number[]): TensorProto {
  const count = dims.reduce((product, size) => product * size, 1);
  return { ...longs("indices", ...new Array<number>(count).fill(0)), dims: dims.map(BigInt) };
}

/** The two parts of a Split, the other way round. */
function split(
  first: number,
  last: number,
  sizes: TensorProto[],
  ...given: AttributeProto[]
): Form {
  const { write, ...form } = weighted("Split", [first, last], sizes, int("axis", 1), ...given);
  return {
    ...form,
    write: (y) => {
      const { nodes, weights = [] } = write(y);
      for (const item of nodes) item.output = [`${y}/a`, `${y}/b`];
      nodes.push(node("Concat", [`${y}/b`, `${y}/a`], [y], [int("axis", 1)]));
      return { nodes, weights };
    },
  };
}

/** The indices of the largest; the values are not asked for. */
function topK(first: number, last: number, k: TensorProto[], ...given: AttributeProto[]): Form {
  const { write, ...form } = weighted("TopK", [first, last], k, ...given);
  return {
    ...form,
    write: (y) => {
      const { nodes, weights = [] } = write(y);
      for (const item of nodes) item.output = [`${y}/values`, y];
      return { nodes, weights };
    },
  };
}

/** A body that multiplies `x` by a matrix of its own. */
function branch(name: string): GraphProto {
  return graph({
    name,
    output: [value(`${name}/y`)],
    initializer: [random(`${name}/w`, 8, 48)],
    node: [
      node("MatMul", ["x", `${name}/w`], [`${name}/product`]),
      node("Softmax", [`${name}/product`], [`${name}/shares`], [int("axis", 2)]),
      constant(scalar(`${name}/factor`, 48)),
      node("Mul", [`${name}/shares`, `${name}/factor`], [`${name}/y`]),
    ],
  });
}

/** An output whose type onnxruntime finds out. */
function output(name: string): ValueInfoProto {
  const { type, ...untyped } = value(name);
  return untyped;
}

/** Forms that begin to be written otherwise at some opset. */
const CHANGED: readonly Form[] = [
  plain("Clip", 7, 10, float("min", -0.3), float("max", 0.4)),
  weighted("Clip", [11, LAST], [scalar("min", -0.3), scalar("max", 0.4)]),
  plain("Slice", 7, 9, ints("starts", 1, -6), ints("ends", 3, -1), ints("axes", 1, 3)),
  weighted("Slice", [10, LAST], [longs("starts", 1), longs("ends", 3), longs("axes", 2)]),
  plain("Squeeze", 7, 12, ints("axes", 0)),
  weighted("Squeeze", [13, LAST], [longs("axes", 0)]),
  plain("Unsqueeze", 7, 12, ints("axes", 0, 3)),
  weighted("Unsqueeze", [13, LAST], [longs("axes", 0, 3)]),
  plain("ReduceSum", 7, 12, ints("axes", 1, 2), int("keepdims", 0)),
  weighted("ReduceSum", [13, LAST], [longs("axes", 1, 2)], int("keepdims", 0)),
  plain("ReduceMean", 7, 17, ints("axes", 2, 3)),
  weighted("ReduceMean", [18, LAST], [longs("axes", 2, 3)]),
  plain("ReduceMax", 7, 17, ints("axes", 1)),
  weighted("ReduceMax", [18, LAST], [longs("axes", 1)]),
  plain("ReduceL2", 7, 17, ints("axes", 3)),
  weighted("ReduceL2", [18, LAST], [longs("axes", 3)]),
  plain("Pad", 7, 10, ints("pads", 0, 0, 1, 0, 0, 0, 0, 2), float("value", 3)),
  plain("Pad", 7, 10, ints("pads", 0, 0, 1, 0, 0, 0, 0, 2), text("mode", "reflect")),
  weighted("Pad", [11, LAST], [longs("pads", 0, 0, 1, 0, 0, 0, 0, 2), scalar("value", 3)]),
  weighted("Pad", [11, LAST], [longs("pads", 0, 0, 1, 0, 0, 0, 0, 2)], text("mode", "edge")),
  plain("Dropout", 7, 11, float("ratio", 0.3)),
  weighted("Dropout", [12, LAST], [scalar("ratio", 0.3)]),
  plain("Upsample", 7, 8, scales(1, 1, 2, 3)),
  plain("Upsample", 7, 8, scales(1, 1, 2, 2), text("mode", "linear")),
  weighted("Upsample", [9, 9], [floats("scales", [4], [1, 1, 2, 3])]),
  weighted("Upsample", [9, 9], [floats("scales", [4], [1, 1, 2, 2])], text("mode", "linear")),
  weighted("Resize", [10, 10], [floats("scales", [4], [1, 1, 1.5, 2])]),
  weighted("Resize", [11, 12], [none("roi"), floats("scales", [4], [1, 1, 0.5, 2])]),
  weighted(
    "Resize",
    [11, 12],
    [none("roi"), none("scales"), longs("sizes", 1, 4, 5, 11)],
    text("mode", "linear"),
  ),
  weighted("Resize", [13, LAST], ["", floats("scales", [4], [1, 1, 0.5, 2])]),
  weighted("Resize", [13, LAST], ["", "", longs("sizes", 1, 4, 5, 11)], text("mode", "linear")),
  weighted("Scatter", [9, 10], [zeros(1, 1, 1, 2), random("updates", 1, 1, 1, 2)]),
  weighted("ScatterElements", [11, LAST], [zeros(1, 1, 1, 2), random("updates", 1, 1, 1, 2)]),
  weighted("BatchNormalization", [7, 8], normalization(), int("spatial", 1)),
  weighted("BatchNormalization", [9, LAST], normalization(), float("epsilon", 1e-3)),
  split(7, 12, [], ints("split", 1, 3)),
  split(13, LAST, [longs("split", 1, 3)]),
  topK(7, 9, [], int("k", 3)),
  topK(10, LAST, [longs("k", 3)]),
];

/** Forms that stay as they are. */
const STEADY: readonly Form[] = [
  ...["Softmax", "LogSoftmax", "Hardmax"].flatMap((op) => [
    plain(op, 7, LAST),
    plain(op, 7, LAST, int("axis", 3)),
    plain(op, 7, LAST, int("axis", 2)),
  ]),
  plain("ArgMax", 7, LAST, int("axis", 2), int("keepdims", 0)),
  plain("AveragePool", 7, LAST, ints("kernel_shape", 3, 3), ints("pads", 1, 1, 1, 1)),
  plain("Cast", 7, LAST, int("to", DataType.DOUBLE)),
  plain("Concat", 7, LAST, int("axis", 1)),
  plain("DepthToSpace", 7, LAST, int("blocksize", 2)),
  plain("LRN", 7, LAST, int("size", 3)),
  plain("MaxPool", 7, LAST, ints("kernel_shape", 2, 2), ints("strides", 2, 2)),
  plain("ThresholdedRelu", 10, LAST, float("alpha", 0.2)),
  plain("SpaceToDepth", 7, LAST, int("blocksize", 2)),
  weighted("Add", [7, LAST], [random("b", 4, 1, 1)]),
  weighted("Div", [7, LAST], [positive("b", 8)]),
  weighted("Expand", [8, LAST], [longs("shape", 2, 4, 8, 8)]),
  weighted("Gather", [7, LAST], [longs("indices", 2, 0)], int("axis", 1)),
  weighted("GatherElements", [11, LAST], [zeros(1, 1, 1, 3)], int("axis", 3)),
  weighted("InstanceNormalization", [7, LAST], [positive("scale", 4), random("b", 4)]),
  weighted("LayerNormalization", [17, LAST], [positive("scale", 8), random("b", 8)]),
  weighted("Max", [8, LAST], [random("b", 8), random("c", 4, 1, 1)]),
  weighted("PRelu", [7, LAST], [random("slope", 4, 1, 1)]),
  weighted("Reshape", [7, LAST], [longs("shape", 0, -1)]),
  weighted("Tile", [7, LAST], [longs("repeats", 1, 2, 1, 1)]),
  weighted("Conv", [7, LAST], [random("w", 8, 4, 3, 3), random("b", 8)], ints("pads", 1, 1, 1, 1)),
  weighted(
    "Conv",
    [7, LAST],
    [random("depthwise", 4, 1, 9, 9)],
    int("group", 4),
    ints("pads", 4, 4, 4, 4),
  ),
  weighted("ConvTranspose", [7, LAST], [random("w", 4, 8, 3, 3)], ints("strides", 2, 2)),
  weighted("MatMul", [7, LAST], [random("w", 8, 64)]),
  {
    name: "Gemm",
    opsets: [7, LAST],
    write: (y) => ({
      nodes: [
        node("Flatten", ["x"], [`${y}/flat`]),
        node(
          "Gemm",
          [`${y}/flat`, `${y}/w`, `${y}/b`],
          [y],
          [float("alpha", 0.5), int("transB", 1)],
        ),
      ],
      weights: [random(`${y}/w`, 32, 256), random(`${y}/b`, 32)],
    }),
  },
  {
    name: "Conv and BatchNormalization",
    opsets: [7, LAST],
    write: (y) => ({
      nodes: [
        node("Conv", ["x", `${y}/w`], [`${y}/conv`]),
        node(
          "BatchNormalization",
          [`${y}/conv`, ...normalization().map(({ name }) => `${y}/${name}`)],
          [y],
        ),
      ],
      weights: [
        random(`${y}/w`, 4, 4, 5, 5),
        ...normalization().map((weight) => renamed(weight, `${y}/${weight.name}`)),
      ],
    }),
  },
  {
    name: "LSTM",
    opsets: [7, LAST],
    write: (y) => ({
      nodes: [
        constant(longs(`${y}/shape`, 8, 4, 8)),
        node("Reshape", ["x", `${y}/shape`], [`${y}/steps`]),
        node("LSTM", [`${y}/steps`, `${y}/w`, `${y}/r`], [y], [int("hidden_size", 6)]),
      ],
      weights: [random(`${y}/w`, 1, 24, 8), random(`${y}/r`, 1, 24, 6)],
    }),
  },
  {
    name: "OneHot",
    opsets: [9, LAST],
    write: (y) => ({
      nodes: [
        node("ArgMax", ["x"], [`${y}/best`], [int("axis", 3), int("keepdims", 0)]),
        node("OneHot", [`${y}/best`, `${y}/depth`, `${y}/values`], [y]),
      ],
      weights: [longs(`${y}/depth`, 8), floats(`${y}/values`, [2], [0, 1])],
    }),
  },
  {
    name: "Where",
    opsets: [9, LAST],
    write: (y) => ({
      nodes: [
        node("Greater", ["x", `${y}/zero`], [`${y}/positive`]),
        node("Not", [`${y}/positive`], [`${y}/negative`]),
        node("Where", [`${y}/negative`, "x", `${y}/zero`], [y]),
      ],
      weights: [scalar(`${y}/zero`, 0)],
    }),
  },
  {
    name: "If",
    opsets: [7, LAST],
    write: (y) => ({
      nodes: [
        node("GlobalAveragePool", ["x"], [`${y}/means`]),
        constant(longs(`${y}/shape`, 4)),
        node("Reshape", [`${y}/means`, `${y}/shape`], [`${y}/list`]),
        node("ArgMax", [`${y}/list`], [`${y}/best`], [int("keepdims", 0)]),
        node("Cast", [`${y}/best`], [`${y}/condition`], [int("to", DataType.BOOL)]),
        node(
          "If",
          [`${y}/condition`],
          [y],
          [
            bodyAttribute("then_branch", branch(`${y}/then`)),
            bodyAttribute("else_branch", branch(`${y}/else`)),
          ],
        ),
      ],
    }),
  },
];

/** Every operator in the form that an opset writes it in, as one graph: each answers for itself. */
export function operatorsOf(opset: number): GraphProto {
  const unary = UNARY.map(([op, first]) => plain(op, first, LAST));
  const forms = [...unary, ...CHANGED, ...STEADY].filter(
    ({ opsets: [first, last] }) => first <= opset && opset <= last,
  );
  const parts = forms.map(({ name, write }, index) => ({
    y: `${index} ${name}`,
    ...write(`${index} ${name}`),
  }));
  return graph({
    input: [value("x", X_DIMS)],
    output: parts.map(({ y }) => output(y)),
    initializer: parts.flatMap(({ weights = [] }) => weights),
    node: parts.flatMap(({ nodes }) => nodes),
  });
}

import { TensorProto_DataType as DataType, type NodeProto } from "onnx-buf";
import { floatOf, integerOf, makeNode } from "../onnx-node.ts";
import { toUnsigned } from "./quantize-channels.ts";
import type { Quantizer, Replacement } from "./quantizer.ts";
import { rescale } from "./rescale.ts";

/**
 * A MatMul or Gemm with a constant matrix in integers: weights in uint8 with a scale for each column,
 * activations quantized as they come.
 *
 * @returns `undefined` for other nodes
 */
export function integerMatMul(quantizer: Quantizer, node: NodeProto): Replacement | undefined {
  const [x, weightName, biasName] = node.input;
  const [y] = node.output;
  const isGemm = node.opType === "Gemm";
  if ((!isGemm && node.opType !== "MatMul") || x === undefined || y === undefined) return undefined;
  const weight = quantizer.weight(weightName);
  if (weight?.dims.length !== 2) return undefined;
  if (isGemm && integerOf(node, "transA", 0) !== 0) return undefined;
  const alpha = isGemm ? floatOf(node, "alpha", 1) : 1;
  const beta = isGemm ? floatOf(node, "beta", 1) : 1;
  const bias = biasName ? scaledBias(quantizer, biasName, beta) : undefined;
  if (biasName && bias === undefined) return undefined;

  const isTransposed = isGemm && integerOf(node, "transB", 0) !== 0;
  const [rows, columns] = isTransposed ? [weight.dims[1], weight.dims[0]] : weight.dims;
  const key = `${weight.name}${isTransposed ? " transposed" : ""}`;
  const { quantized, scales } = quantizer.channels(weight, isTransposed ? 0 : 1);
  const weightIntegers = quantizer.share(`matrix ${key}`, () => ({
    name: `${weight.name}/u8`,
    type: DataType.UINT8,
    dims: [rows ?? 0, columns ?? 0],
    data: toUnsigned(isTransposed ? transpose(quantized, weight.dims) : quantized),
  }));
  const weightScales = quantizer.share(`matrix scales ${key} times ${alpha}`, () => ({
    // By this name a later version keeps scales, which those times something are not.
    name: `${weight.name}/${alpha === 1 ? "s" : "as"}`,
    type: DataType.FLOAT,
    dims: [columns ?? 0],
    data: scales.map((scale) => scale * alpha),
  }));
  const { value, nodes } = quantizer.activation(x);
  const integers = quantizer.fresh(`${y}/i`);
  return [
    ...nodes,
    makeNode({
      op: "MatMulInteger",
      inputs: [value.integers, weightIntegers, value.zero, quantizer.unsignedZero()],
      outputs: [integers],
    }),
    ...rescale(quantizer, { value: y, integers, scales: [value.scale, weightScales], bias }),
  ];
}

/** The name of `beta · bias`; `undefined` where that would take another node. */
function scaledBias(quantizer: Quantizer, name: string, beta: number): string | undefined {
  if (beta === 1) return name;
  const bias = quantizer.constant(name);
  if (bias === undefined) return undefined;
  return quantizer.share(`bias ${name} times ${beta}`, () => ({
    name: `${name}/scaled`,
    type: DataType.FLOAT,
    dims: bias.dims,
    data: bias.values.map((value) => value * beta),
  }));
}

function transpose(values: Int8Array, [rows = 0, columns = 0]: readonly number[]): Int8Array {
  const transposed = new Int8Array(values.length);
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++)
      transposed[column * rows + row] = values[row * columns + column] ?? 0;
  return transposed;
}

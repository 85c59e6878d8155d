import { TensorProto_DataType as DataType, type NodeProto } from "onnx-buf";
import { makeNode } from "../onnx/onnx-node.ts";
import { matrixProduct } from "./matrix-product.ts";
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
  const product = matrixProduct(quantizer, node);
  if (product === undefined) return undefined;
  const { x, y, weight, isTransposed, rows, columns, alpha, bias } = product;
  const key = `${weight.name}${isTransposed ? " transposed" : ""}`;
  const { quantized, scales } = quantizer.channels(weight, isTransposed ? 0 : 1);
  const weightIntegers = quantizer.share(`matrix ${key}`, () => ({
    name: `${weight.name}/u8`,
    type: DataType.UINT8,
    dims: [rows, columns],
    data: toUnsigned(isTransposed ? transpose(quantized, weight.dims) : quantized),
  }));
  const weightScales = quantizer.share(`matrix scales ${key} times ${alpha}`, () => ({
    // By this name a later version keeps scales, which those times something are not.
    name: `${weight.name}/${alpha === 1 ? "s" : "as"}`,
    type: DataType.FLOAT,
    dims: [columns],
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

function transpose(values: Int8Array, [rows = 0, columns = 0]: readonly number[]): Int8Array {
  const transposed = new Int8Array(values.length);
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++)
      transposed[column * rows + row] = values[row * columns + column] ?? 0;
  return transposed;
}

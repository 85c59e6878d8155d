import { TensorProto_DataType as DataType, type NodeProto } from "onnx-buf";
import type { FloatWeight } from "../onnx/graph-editor.ts";
import { floatOf, integerOf } from "../onnx/onnx-node.ts";
import type { Quantizer } from "./quantizer.ts";

/** `y = alpha · x · weight + bias`, the weight a constant matrix. */
export interface MatrixProduct {
  readonly x: string;
  readonly y: string;
  readonly weight: FloatWeight;
  /** Whether the weight lies with a row for each column of the product. */
  readonly isTransposed: boolean;
  readonly rows: number;
  readonly columns: number;
  readonly alpha: number;
  /** The name of what is added, already multiplied by Gemm's `beta`. */
  readonly bias: string | undefined;
}

/**
 * A MatMul or Gemm whose right side is a constant matrix worth quantizing.
 *
 * @returns `undefined` for other nodes
 */
export function matrixProduct(quantizer: Quantizer, node: NodeProto): MatrixProduct | undefined {
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
  const [first = 0, second = 0] = weight.dims;
  const [rows, columns] = isTransposed ? [second, first] : [first, second];
  return { x, y, weight, isTransposed, rows, columns, alpha, bias };
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

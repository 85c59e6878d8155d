import { TensorProto_DataType as DataType, type NodeProto } from "onnx-buf";
import { integerAttribute, makeNode } from "../onnx/onnx-node.ts";
import { matrixProduct } from "./matrix-product.ts";
import { BLOCK, quantizeBlocks } from "./quantize-blocks.ts";
import type { Quantizer, Replacement } from "./quantizer.ts";

/** The domain of onnxruntime's own operators. */
export const CONTRIB_DOMAIN = "com.microsoft";

/**
 * A MatMul or Gemm with a constant matrix in 4 bits: onnxruntime's MatMulNBits, which computes in
 * float from weights that are never expanded as a whole.
 *
 * @returns `undefined` for other nodes
 */
export function blockedMatMul(quantizer: Quantizer, node: NodeProto): Replacement | undefined {
  const product = matrixProduct(quantizer, node);
  if (product === undefined || product.alpha === 0) return undefined;
  const { x, y, weight, isTransposed, rows, columns, alpha, bias } = product;
  if (rows < BLOCK) return undefined;
  const key = `${weight.name}${isTransposed ? " transposed" : ""} times ${alpha}`;
  const values = alpha === 1 ? weight.values : weight.values.map((value) => value * alpha);
  const quantized = quantizeBlocks({ values, rows, columns, isTransposed });
  if (quantized === undefined) return undefined;
  const { integers, scales, zeros } = quantized;
  const blocks = Math.ceil(rows / BLOCK);
  const part = (what: string, type: DataType, dims: number[], data: Uint8Array | Float32Array) =>
    quantizer.share(`4 bits ${what} ${key}`, () => ({
      name: `${weight.name}/${what}`,
      type,
      dims,
      data,
    }));
  const inputs = [
    x,
    part("u4", DataType.UINT8, [columns, blocks, BLOCK / 2], integers),
    part("s", DataType.FLOAT, [scales.length], scales),
    part("z", DataType.UINT8, [zeros.length], zeros),
  ];
  const multiplied = bias === undefined ? y : quantizer.fresh(`${y}/m`);
  const attributes = Object.entries({ K: rows, N: columns, bits: 4, block_size: BLOCK }).map(
    ([name, value]) => integerAttribute(name, value),
  );
  return [
    makeNode({
      op: "MatMulNBits",
      domain: CONTRIB_DOMAIN,
      inputs,
      outputs: [multiplied],
      attributes,
    }),
    ...(bias === undefined
      ? []
      : [makeNode({ op: "Add", inputs: [multiplied, bias], outputs: [y] })]),
  ];
}

import { TensorProto_DataType as DataType, type NodeProto } from "onnx-buf";
import { integerAttribute, makeNode } from "../onnx/onnx-node.ts";
import type { Quantizer } from "./quantizer.ts";

/** A sum of integer products that is to become a float again. */
export interface IntegerSum {
  /** The value of the graph that it stands for. */
  readonly value: string;
  /** The name it has as integers. */
  readonly integers: string;
  /** The names of the scales of what was multiplied. */
  readonly scales: readonly [activation: string, weight: string];
  /** The name of what is added in the end. */
  readonly bias: string | undefined;
}

/**
 * `value = float(integers) · (activation scale · weight scales) + bias`. The order matters: this is
 * the pattern that onnxruntime fuses with the MatMulInteger before it. Names are short, as a small
 * graph is made of little else: `/i` integers, `/f` float, `/s` scale, `/m` multiplied, `/z` zero.
 */
export function rescale(
  quantizer: Quantizer,
  { value, integers, scales, bias }: IntegerSum,
): NodeProto[] {
  const [float, scale] = [quantizer.fresh(`${value}/f`), quantizer.fresh(`${value}/s`)];
  const scaled = bias === undefined ? value : quantizer.fresh(`${value}/m`);
  const toFloat = [integerAttribute("to", DataType.FLOAT)];
  const nodes = [
    makeNode({ op: "Cast", inputs: [integers], outputs: [float], attributes: toFloat }),
    makeNode({ op: "Mul", inputs: scales, outputs: [scale] }),
    makeNode({ op: "Mul", inputs: [float, scale], outputs: [scaled] }),
  ];
  if (bias !== undefined)
    nodes.push(makeNode({ op: "Add", inputs: [scaled, bias], outputs: [value] }));
  return nodes;
}

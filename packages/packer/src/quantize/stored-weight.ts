import { TensorProto_DataType as DataType, type NodeProto } from "onnx-buf";
import type { FloatWeight } from "../onnx/graph-editor.ts";
import { integerAttribute, integerOf, makeNode } from "../onnx/onnx-node.ts";
import type { Quantizer, Replacement } from "./quantizer.ts";

/**
 * A node that computes as it did, with its weight stored in int8, a scale for each output channel,
 * and made float again by a DequantizeLinear before it. Needs opset 13.
 *
 * @returns `undefined` for nodes without such a weight
 */
export function storedWeight(quantizer: Quantizer, node: NodeProto): Replacement | undefined {
  const weight = quantizer.weight(weightInput(node));
  const axis = weight && outputAxis(node, weight);
  if (weight === undefined || axis === undefined) return undefined;
  const { name, dims } = weight;
  const nodes: NodeProto[] = [];
  const restored = quantizer.once(`stored ${name} by ${axis}`, () => {
    const { quantized, scales } = quantizer.channels(weight, axis);
    const type = DataType.INT8;
    const channels = [scales.length];
    const integers = { name: `${name}/i8`, type, dims, data: quantized };
    const steps = { name: `${name}/s`, type: DataType.FLOAT, dims: channels, data: scales };
    const output = quantizer.fresh(`${name}/f`);
    nodes.push(
      makeNode({
        op: "DequantizeLinear",
        inputs: [quantizer.add(integers), quantizer.add(steps)],
        outputs: [output],
        attributes: [integerAttribute("axis", axis)],
      }),
    );
    return output;
  });
  node.input = node.input.map((input, index) => (index === 1 ? restored : input));
  return [...nodes, node];
}

function weightInput({ opType, input }: NodeProto): string | undefined {
  return ["Conv", "ConvTranspose", "MatMul", "Gemm"].includes(opType) ? input[1] : undefined;
}

/** The axis of a weight that becomes the channels of the output. */
function outputAxis(node: NodeProto, { dims }: FloatWeight): number | undefined {
  const last = dims.length > 1 ? dims.length - 1 : undefined;
  switch (node.opType) {
    case "Conv":
      return 0;
    case "ConvTranspose":
      // With groups, an output channel is an index of two axes.
      return integerOf(node, "group", 1) === 1 ? 1 : undefined;
    case "Gemm":
      return integerOf(node, "transB", 0) === 0 ? last : 0;
    default:
      return last;
  }
}

import { TensorProto_DataType as DataType, type NodeProto } from "onnx-buf";
import { integerOf, makeNode } from "../onnx/onnx-node.ts";
import { toUnsigned } from "./quantize-channels.ts";
import type { Quantizer, Replacement } from "./quantizer.ts";
import { rescale } from "./rescale.ts";

/**
 * A Conv in integers: weights in uint8 with a scale for each output channel, activations quantized as
 * they come. Weights are unsigned because signed ones take a path in onnxruntime's WASM that is six
 * times slower. Depthwise convolutions are left alone: they add up too little for it to pay.
 *
 * @returns `undefined` for other nodes
 */
export function integerConv(quantizer: Quantizer, node: NodeProto): Replacement | undefined {
  const [x, weightName, biasName] = node.input;
  const [y] = node.output;
  if (node.opType !== "Conv" || x === undefined || y === undefined) return undefined;
  const weight = quantizer.weight(weightName);
  const bias = quantizer.constant(biasName);
  if (weight === undefined || (biasName && bias === undefined)) return undefined;
  const { name, dims } = weight;
  if (integerOf(node, "group", 1) > 1 && dims[1] === 1) return undefined;
  // Along the channels of what the convolution gives.
  const channelDims = [1, dims[0] ?? 1, ...dims.slice(2).map(() => 1)];
  const { quantized, scales } = quantizer.channels(weight, 0);
  const { value, nodes } = quantizer.activation(x);
  const integers = quantizer.fresh(`${y}/i`);
  const weightIntegers = quantizer.share(`conv weight ${name}`, () => ({
    name: `${name}/u8`,
    type: DataType.UINT8,
    dims,
    data: toUnsigned(quantized),
  }));
  const weightScales = quantizer.share(`conv scales ${name}`, () => ({
    name: `${name}/s`,
    type: DataType.FLOAT,
    dims: channelDims,
    data: scales,
  }));
  return [
    ...nodes,
    makeNode({
      op: "ConvInteger",
      inputs: [value.integers, weightIntegers, value.zero, quantizer.unsignedZero()],
      outputs: [integers],
      attributes: node.attribute,
    }),
    ...rescale(quantizer, {
      value: y,
      integers,
      scales: [value.scale, weightScales],
      bias:
        bias &&
        quantizer.share(`conv bias ${bias.name} of rank ${dims.length}`, () => ({
          name: bias.name,
          type: DataType.FLOAT,
          dims: channelDims,
          data: bias.values,
        })),
    }),
  ];
}

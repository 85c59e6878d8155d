import type { AttributeProto, GraphProto } from "onnx-buf";
import { isStandard } from "../onnx/onnx-node.ts";

const CONVOLUTIONS = ["Conv", "ConvTranspose"];

/** Takes from convolutions the attributes that say what is so without them. */
export function dropDefaults(graph: GraphProto): void {
  for (const node of graph.node)
    if (CONVOLUTIONS.includes(node.opType) && isStandard(node))
      node.attribute = node.attribute.filter((attribute) => !isDefault(attribute));
}

function isDefault({ name, i, ints }: AttributeProto): boolean {
  switch (name) {
    case "kernel_shape":
      // The weights have it.
      return true;
    case "group":
      return i === 1n;
    case "strides":
    case "dilations":
      return ints.every((size) => size === 1n);
    case "pads":
      return ints.every((size) => size === 0n);
    default:
      return false;
  }
}

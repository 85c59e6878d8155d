import type { NodeProto } from "onnx-buf";
import { dropAttributes, integerAttribute, integerOf, makeNode } from "../onnx/onnx-node.ts";
import type { Surroundings } from "./surroundings.ts";

/**
 * Before opset 13 these operators flattened everything from their axis on, and normalized that. Only
 * at the last axis is it what they do now; elsewhere, or where the rank is not known, the flattening
 * is written out.
 */
export function raiseSoftmax(node: NodeProto, { graph, fresh }: Surroundings): NodeProto[] {
  const axis = integerOf(node, "axis", 1);
  const [x = ""] = node.input;
  const [y = ""] = node.output;
  dropAttributes(node, "axis");
  node.attribute.push(integerAttribute("axis", -1));
  if (axis === -1) return [node];
  const declared = [...graph.input, ...graph.output, ...graph.valueInfo].find(
    ({ name, type }) =>
      (name === x || name === y) &&
      type?.value.case === "tensorType" &&
      type.value.value.shape !== undefined,
  );
  const type = declared?.type?.value;
  const rank = type?.case === "tensorType" ? type.value.shape?.dim.length : undefined;
  if (axis === (rank ?? 0) - 1) return [node];
  const shape = fresh(`${y}/shape`);
  const flat = fresh(`${y}/flat`);
  const normalized = fresh(`${y}/normalized`);
  node.input = [flat];
  node.output = [normalized];
  return [
    makeNode({ op: "Shape", inputs: [x], outputs: [shape] }),
    makeNode({
      op: "Flatten",
      inputs: [x],
      outputs: [flat],
      attributes: [integerAttribute("axis", axis)],
    }),
    node,
    makeNode({ op: "Reshape", inputs: [normalized, shape], outputs: [y] }),
  ];
}

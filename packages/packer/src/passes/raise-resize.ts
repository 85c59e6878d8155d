import { TensorProto_DataType as DataType, type NodeProto } from "onnx-buf";
import { attributeOf, dropAttributes, stringAttribute } from "../onnx/onnx-node.ts";
import { dimsOf, rawContent } from "../onnx/tensor-content.ts";
import { type Surroundings, withoutEqual } from "./surroundings.ts";

/** Upsample, and Resize before opset 11, place samples as `asymmetric` does, and round down. */
export function raiseResize(node: NodeProto, from: number, around: Surroundings): NodeProto[] {
  if (node.opType === "Resize" && from >= 11) {
    if (textOf(node, "coordinate_transformation_mode") === "tf_half_pixel_for_nn")
      throw withoutEqual(node);
    return [node];
  }
  const [x = ""] = node.input;
  const scales =
    node.opType === "Upsample" ? givenScales(node, around) : growingScales(node, around);
  node.opType = "Resize";
  node.input = [x, "", scales];
  dropAttributes(node, "scales");
  node.attribute.push(
    stringAttribute("coordinate_transformation_mode", "asymmetric"),
    stringAttribute("nearest_mode", "floor"),
  );
  return [node];
}

/** Upsample never shrinks. It has them as an attribute up to opset 8. */
function givenScales(node: NodeProto, { constant }: Surroundings): string {
  const [, given = ""] = node.input;
  const listed = attributeOf(node, "scales")?.floats;
  if (listed === undefined) return given;
  const name = `${node.output[0]}/scales`;
  const data = Float32Array.from(listed);
  return constant({ name, type: DataType.FLOAT, dims: [listed.length], data });
}

/** Where Resize shrinks, it rounded up, and scales that are computed may do either. */
function growingScales(node: NodeProto, { initializer }: Surroundings): string {
  const [, given = ""] = node.input;
  const tensor = initializer(given);
  if (tensor?.dataType !== DataType.FLOAT || dimsOf(tensor).length !== 1) throw withoutEqual(node);
  const values = new Float32Array(new Uint8Array(rawContent(tensor)).buffer);
  if (values.some((scale) => !(scale >= 1))) throw withoutEqual(node);
  return given;
}

function textOf(node: NodeProto, name: string): string {
  return new TextDecoder().decode(attributeOf(node, name)?.s ?? new Uint8Array());
}

import { TensorProto_DataType as DataType, type NodeProto } from "onnx-buf";
import type { TensorParts } from "../onnx/graph-editor.ts";
import { attributeOf, dropAttributes, integerOf } from "../onnx/onnx-node.ts";
import { raiseResize } from "./raise-resize.ts";
import { raiseSoftmax } from "./raise-softmax.ts";
import { type Surroundings, withoutEqual } from "./surroundings.ts";

/**
 * The nodes that do in opset 13 what a node did in an older one. Most operators only took on more
 * types and options; these are the ones that changed in what they mean or how they are written.
 *
 * @see https://github.com/onnx/onnx/blob/main/docs/Changelog.md
 * @throws Error that names the node where opset 13 has nothing equal.
 */
export function raiseNode(node: NodeProto, from: number, around: Surroundings): NodeProto[] {
  switch (node.opType) {
    case "Clip":
      return from < 11 ? raiseClip(node, around) : [node];
    case "Slice":
      return from < 10 ? raiseSlice(node, around) : [node];
    case "Squeeze":
    case "Unsqueeze":
    case "ReduceSum":
      return listToInput(node, "axes", around);
    case "Split":
      return listToInput(node, "split", around);
    case "Reshape":
      return from < 5 ? listToInput(node, "shape", around) : [node];
    case "Pad":
      return from < 11 ? raisePad(node, around) : [node];
    case "TopK":
      return from < 10 ? raiseTopK(node, around) : [node];
    case "Dropout":
      return from < 12 ? raiseDropout(node) : [node];
    case "BatchNormalization":
      return from < 9 ? raiseBatchNormalization(node) : [node];
    case "Upsample":
    case "Resize":
      return raiseResize(node, from, around);
    case "Softmax":
    case "LogSoftmax":
    case "Hardmax":
      return raiseSoftmax(node, around);
    case "Scatter":
      node.opType = "ScatterElements";
      return [node];
    case "Scan":
      if (from < 9) throw withoutEqual(node);
      return [node];
    default:
      return [node];
  }
}

function integers(node: NodeProto, name: string, values: readonly bigint[]): TensorParts {
  const data = BigInt64Array.from(values);
  const dims = [values.length];
  return { name: `${node.output[0]}/${name}`, type: DataType.INT64, dims, data };
}

function float(node: NodeProto, name: string, value: number): TensorParts {
  const data = Float32Array.of(value);
  return { name: `${node.output[0]}/${name}`, type: DataType.FLOAT, dims: [], data };
}

function listToInput(node: NodeProto, name: string, { constant }: Surroundings): NodeProto[] {
  const list = attributeOf(node, name);
  if (list !== undefined) node.input = [...node.input, constant(integers(node, name, list.ints))];
  dropAttributes(node, name);
  return [node];
}

function raiseClip(node: NodeProto, { constant }: Surroundings): NodeProto[] {
  const bounds = ["min", "max"].map((name) => {
    const bound = attributeOf(node, name);
    return bound === undefined ? "" : constant(float(node, name, bound.f));
  });
  node.input = [...node.input, ...bounds];
  dropAttributes(node, "min", "max");
  return [node];
}

function raiseSlice(node: NodeProto, { constant }: Surroundings): NodeProto[] {
  const starts = attributeOf(node, "starts")?.ints ?? [];
  const ends = attributeOf(node, "ends")?.ints ?? [];
  const axes = attributeOf(node, "axes")?.ints ?? starts.map((_, axis) => BigInt(axis));
  const inputs = Object.entries({ starts, ends, axes });
  node.input = [
    ...node.input,
    ...inputs.map(([name, list]) => constant(integers(node, name, list))),
  ];
  dropAttributes(node, "starts", "ends", "axes");
  return [node];
}

function raisePad(node: NodeProto, { constant }: Surroundings): NodeProto[] {
  const pads = attributeOf(node, "pads")?.ints ?? [];
  const value = attributeOf(node, "value")?.f ?? 0;
  const inputs = [integers(node, "pads", pads), float(node, "value", value)];
  node.input = [...node.input, ...inputs.map(constant)];
  dropAttributes(node, "pads", "value");
  return [node];
}

function raiseTopK(node: NodeProto, { constant }: Surroundings): NodeProto[] {
  const k = BigInt(integerOf(node, "k", 1));
  node.input = [...node.input, constant(integers(node, "k", [k]))];
  dropAttributes(node, "k");
  return [node];
}

/** Without its second output it does nothing outside of training, whatever its ratio. */
function raiseDropout(node: NodeProto): NodeProto[] {
  if (node.output.length > 1 && node.output[1] !== "") throw withoutEqual(node);
  dropAttributes(node, "ratio");
  return [node];
}

function raiseBatchNormalization(node: NodeProto): NodeProto[] {
  if (integerOf(node, "spatial", 1) !== 1) throw withoutEqual(node);
  dropAttributes(node, "spatial");
  return [node];
}

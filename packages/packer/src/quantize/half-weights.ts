import { TensorProto_DataType as DataType, type GraphProto, type NodeProto } from "onnx-buf";
import { castNode } from "../onnx/onnx-node.ts";
import { Quantizer } from "./quantizer.ts";
import { toFloat16 } from "./to-float16.ts";

/**
 * Stores float weights as float16, each made float again by a Cast. onnxruntime runs those once, while
 * it loads; inputs, outputs and everything between stay float32.
 *
 * @param wanted which of them; all where absent
 */
export function halfWeights(graph: GraphProto, wanted?: ReadonlySet<string>): void {
  const quantizer = new Quantizer(graph);
  const casts: NodeProto[] = [];
  const halved = new Set<string>();
  for (const { name } of [...graph.initializer]) {
    const weight = wanted?.has(name) === false ? undefined : quantizer.weight(name);
    if (weight === undefined) continue;
    const data = toFloat16(weight.values);
    const half = quantizer.add({
      name: `${name}/f16`,
      type: DataType.FLOAT16,
      dims: weight.dims,
      data,
    });
    // The name stays that of the float tensor, for bodies and outputs that refer to it.
    casts.push(castNode(half, name, DataType.FLOAT));
    halved.add(name);
  }
  graph.initializer = graph.initializer.filter(({ name }) => !halved.has(name));
  graph.node = [...casts, ...graph.node];
}

import { TensorProto_DataType as DataType, type GraphProto, type NodeProto } from "onnx-buf";
import { integerAttribute, makeNode } from "../onnx-node.ts";
import { Quantizer } from "./quantizer.ts";
import { toFloat16 } from "./to-float16.ts";

/**
 * Stores float weights as float16, each made float again by a Cast. onnxruntime runs those once, while
 * it loads; inputs, outputs and everything between stay float32.
 */
export function halfWeights(graph: GraphProto): void {
  const quantizer = new Quantizer(graph);
  const casts: NodeProto[] = [];
  const halved = new Set<string>();
  for (const { name } of [...graph.initializer]) {
    const weight = quantizer.weight(name);
    if (weight === undefined) continue;
    const data = toFloat16(weight.values);
    const half = quantizer.add({
      name: `${name}/f16`,
      type: DataType.FLOAT16,
      dims: weight.dims,
      data,
    });
    const attributes = [integerAttribute("to", DataType.FLOAT)];
    // The name stays that of the float tensor, for bodies and outputs that refer to it.
    casts.push(makeNode({ op: "Cast", inputs: [half], outputs: [name], attributes }));
    halved.add(name);
  }
  graph.initializer = graph.initializer.filter(({ name }) => !halved.has(name));
  graph.node = [...casts, ...graph.node];
}

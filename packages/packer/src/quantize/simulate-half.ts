import { TensorProto_DataType as DataType, type GraphProto, type NodeProto } from "onnx-buf";
import { GraphEditor } from "../onnx/graph-editor.ts";
import { castNode } from "../onnx/onnx-node.ts";

/**
 * Rewrites a graph that computes in float16 for a runtime that has no float16 kernels: every value is
 * float32, and rounded to float16 where it would be. onnxruntime's own stand-in on WASM leaves such
 * rounding out between nodes, and an error measured with it would be too small.
 *
 * @param halves the values of the graph that are float16, constants included
 */
export function simulateHalf(graph: GraphProto, halves: ReadonlySet<string>): void {
  const editor = new GraphEditor(graph);
  const restored = new Map(
    graph.initializer
      .filter(({ name }) => halves.has(name))
      .map(({ name }): [string, string] => [name, editor.fresh(`${name}/f32`)]),
  );
  const rounded = (from: string, to: string): NodeProto[] => {
    const half = editor.fresh(`${to}/r`);
    return [castNode(from, half, DataType.FLOAT16), castNode(half, to, DataType.FLOAT)];
  };
  const rewritten = graph.node.flatMap((node): NodeProto[] => {
    const [from = ""] = node.input;
    const [to = ""] = node.output;
    if (node.opType === "Cast" && halves.has(to)) return rounded(from, to);
    node.input = node.input.map((name) => restored.get(name) ?? name);
    const rounding: NodeProto[] = [];
    node.output = node.output.map((name) => {
      if (!halves.has(name)) return name;
      const exact = editor.fresh(`${name}/x`);
      rounding.push(...rounded(exact, name));
      return exact;
    });
    return [node, ...rounding];
  });
  const restoring = [...restored].map(([half, full]) => castNode(half, full, DataType.FLOAT));
  graph.node = [...restoring, ...rewritten];
}

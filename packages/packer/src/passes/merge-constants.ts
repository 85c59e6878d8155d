import type { GraphProto, TensorProto } from "onnx-buf";
import { withNestedGraphs } from "../onnx/onnx-bodies.ts";
import { dimsOf, rawContent, sizeOf } from "../onnx/tensor-content.ts";

/** Constants of more bytes than this are as good as never equal. */
const SMALL_BYTES = 128;

/**
 * Makes equal small constants one, in each graph by itself: exporters write the 3 and the 6 of every
 * activation anew, and each takes more room for its name than for its value.
 */
export function mergeConstants(main: GraphProto): void {
  for (const graph of withNestedGraphs(main)) mergeWithin(graph);
}

function mergeWithin(graph: GraphProto): void {
  const inner = withNestedGraphs(graph).slice(1);
  // A body refers to constants around it by name, and inputs and outputs are known by their own.
  const bound = new Set([
    ...[...graph.input, ...graph.output].map(({ name }) => name),
    ...inner.flatMap(({ node, output }) => [
      ...node.flatMap((item) => item.input),
      ...output.map(({ name }) => name),
    ]),
  ]);
  const first = new Map<string, string>();
  const merged = new Map<string, string>();
  for (const tensor of graph.initializer) {
    if (bound.has(tensor.name) || !isSmall(tensor)) continue;
    const { dataType, name } = tensor;
    const content = Buffer.from(rawContent(tensor)).toString("hex");
    const key = `${dataType} [${dimsOf(tensor).join()}] ${content}`;
    const kept = first.get(key);
    if (kept === undefined) first.set(key, name);
    else merged.set(name, kept);
  }
  for (const node of graph.node) node.input = node.input.map((name) => merged.get(name) ?? name);
  graph.initializer = graph.initializer.filter(({ name }) => !merged.has(name));
}

function isSmall(tensor: TensorProto): boolean {
  const bytes = sizeOf(tensor);
  return bytes !== undefined && bytes <= SMALL_BYTES;
}

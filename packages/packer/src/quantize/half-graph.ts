import { TensorProto_DataType as DataType, type GraphProto, type NodeProto } from "onnx-buf";
import { GraphEditor, makeTensor } from "../onnx/graph-editor.ts";
import { bodiesOf, withNestedGraphs } from "../onnx/onnx-bodies.ts";
import { castNode } from "../onnx/onnx-node.ts";
import { fromFloat16 } from "./from-float16.ts";
import { halfInputs, hasHalfKernel } from "./half-operators.ts";
import type { ObservedValue } from "./observe-values.ts";
import { SMALLEST_WEIGHT } from "./quantizer.ts";
import { LARGEST_FLOAT16, toFloat16 } from "./to-float16.ts";

/** Golden inputs are not the largest there are. */
const LARGEST_VALUE = LARGEST_FLOAT16 / 4;

/** What a constant that is no weight may change by, as a share of it: a small epsilon is lost. */
const CONSTANT_ERROR = 1e-2;

/**
 * Makes a graph compute in float16 where that is safe: nodes whose operator can, whose values stay
 * well inside float16's range on the golden inputs, and whose constants float16 has. The others stay
 * as they are, with casts between. Inputs and outputs stay float32.
 *
 * What was one float32 value may be two afterwards: the one of its name, and one in float16 for those
 * nodes. Float weights are stored in float16 whoever reads them, as `halfWeights` does.
 *
 * @returns the names of the values that are float16, constants included
 * @throws SelvedgeError `model-invalid` for weights that are NaN.
 */
export function halfGraph(
  graph: GraphProto,
  observed: ReadonlyMap<string, ObservedValue>,
): ReadonlySet<string> {
  const editor = new GraphEditor(graph);
  const isFloat = (name: string): boolean =>
    editor.floatCount(name) !== undefined || observed.get(name)?.dtype === "float32";
  const floatInputs = (node: NodeProto): string[] => halfInputs(node).filter(isFloat);
  const isSafe = (name: string): boolean =>
    editor.floatCount(name) === undefined
      ? (observed.get(name)?.largest ?? Number.POSITIVE_INFINITY) <= LARGEST_VALUE
      : hasFloat16(editor, name);
  const halfNodes = new Set(
    graph.node.filter((node) => {
      const floats = [...floatInputs(node), ...node.output.filter(isFloat)];
      return hasHalfKernel(node) && floats.length > 0 && floats.every(isSafe);
    }),
  );

  const readHalf = new Set([...halfNodes].flatMap(floatInputs));
  const readFull = new Set([
    ...graph.output.map(({ name }) => name),
    ...graph.node.flatMap((node) => {
      const halves = halfNodes.has(node) ? floatInputs(node) : [];
      return namesRead(node).filter((name) => !halves.includes(name));
    }),
  ]);
  const names = new Map<string, string>();
  const half = (name: string): string => {
    const made = names.get(name) ?? editor.fresh(`${name}/f16`);
    names.set(name, made);
    return made;
  };
  const toFull = (name: string): NodeProto => castNode(half(name), name, DataType.FLOAT);
  const toHalf = (name: string): NodeProto => castNode(name, half(name), DataType.FLOAT16);

  const restored = storeHalves(editor, { half, readHalf, readFull }).map(toFull);
  const inputs = graph.input.map(({ name }) => name);
  const rewritten = graph.node.flatMap((node) => {
    if (!halfNodes.has(node))
      return [node, ...node.output.filter((name) => readHalf.has(name)).map(toHalf)];
    const halves = floatInputs(node);
    const floats = node.output.filter(isFloat);
    node.input = node.input.map((name) => (halves.includes(name) ? half(name) : name));
    node.output = node.output.map((name) => (floats.includes(name) ? half(name) : name));
    return [node, ...floats.filter((name) => readFull.has(name)).map(toFull)];
  });
  graph.node = [
    ...restored,
    ...inputs.filter((name) => readHalf.has(name)).map(toHalf),
    ...rewritten,
  ];
  // Hints of which half are no longer true.
  graph.valueInfo = [];
  return new Set(names.values());
}

/**
 * Stores float constants in float16: large ones, and those that are read so.
 *
 * @returns the names of those that have to be made float32 again for others that read them
 */
function storeHalves(
  editor: GraphEditor,
  {
    half,
    readHalf,
    readFull,
  }: {
    half: (name: string) => string;
    readHalf: ReadonlySet<string>;
    readFull: ReadonlySet<string>;
  },
): string[] {
  const { graph } = editor;
  const gone = new Set<string>();
  const restored: string[] = [];
  for (const { name } of [...graph.initializer]) {
    const isLarge = (editor.floatCount(name) ?? 0) >= SMALLEST_WEIGHT;
    if (!readHalf.has(name) && !isLarge) continue;
    const weight = editor.floats(name);
    if (weight === undefined || !hasFloat16(editor, name)) continue;
    const data = toFloat16(weight.values);
    const type = DataType.FLOAT16;
    graph.initializer.push(makeTensor({ name: half(name), type, dims: weight.dims, data }));
    const isStillRead = readFull.has(name);
    if (isStillRead && isLarge) restored.push(name);
    if (!isStillRead || isLarge) gone.add(name);
  }
  graph.initializer = graph.initializer.filter(({ name }) => !gone.has(name));
  return restored;
}

/** Whether float16 has what a constant holds: all of it in range, and what is no weight nearly as it is. */
function hasFloat16(editor: GraphEditor, name: string): boolean {
  const { values } = editor.floats(name) ?? { values: new Float32Array() };
  if (values.some((value) => Math.abs(value) > LARGEST_FLOAT16)) return false;
  if (values.length >= SMALLEST_WEIGHT) return true;
  const halves = fromFloat16(toFloat16(values));
  return values.every(
    (value, i) => Math.abs(value - (halves[i] ?? 0)) <= CONSTANT_ERROR * Math.abs(value),
  );
}

/** What a node reads: its inputs, and what its bodies take from around them. */
function namesRead(node: NodeProto): string[] {
  const bodies = bodiesOf(node).flatMap((body) => withNestedGraphs(body.graph));
  return [
    ...node.input,
    ...bodies.flatMap(({ node: nodes, output }) => [
      ...nodes.flatMap(({ input }) => input),
      ...output.map(({ name }) => name),
    ]),
  ];
}

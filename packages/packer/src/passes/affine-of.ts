import type { NodeProto } from "onnx-buf";
import type { FloatWeight, GraphEditor } from "../onnx/graph-editor.ts";
import { floatOf, integerOf, isStandard } from "../onnx/onnx-node.ts";

/** `scale · x + shift`, channel by channel. */
export interface Affine {
  readonly scale: Float32Array;
  readonly shift: Float32Array;
}

/** A node that reads a value of some rank, whose axis 1 is the channels. */
export interface Reader {
  readonly node: NodeProto;
  readonly value: string;
  readonly channels: number;
  readonly rank: number;
}

/** What a node does to a value, where that is affine in each channel and its factors are constants. */
export function affineOf(editor: GraphEditor, reader: Reader): Affine | undefined {
  const { node, value, channels } = reader;
  if (!isStandard(node)) return undefined;
  if (node.opType === "BatchNormalization") return normalization(editor, reader);
  if (node.opType !== "Mul" && node.opType !== "Add") return undefined;
  const [a, b] = node.input;
  const weight = editor.floats(a === value ? b : a);
  const factors = weight && spread(weight, reader);
  if (factors === undefined) return undefined;
  return node.opType === "Mul"
    ? { scale: factors, shift: new Float32Array(channels) }
    : { scale: new Float32Array(channels).fill(1), shift: factors };
}

function normalization(editor: GraphEditor, { node, value, channels }: Reader): Affine | undefined {
  const [x, ...names] = node.input;
  const isTraining = integerOf(node, "training_mode", 0) !== 0 || node.output.length > 1;
  if (x !== value || isTraining) return undefined;
  const [gamma, beta, mean, variance] = names.map((name) => editor.floats(name)?.values);
  if (!gamma || !beta || !mean || !variance || gamma.length !== channels) return undefined;
  const epsilon = floatOf(node, "epsilon", 1e-5);
  const scale = gamma.map((factor, c) => factor / Math.sqrt((variance[c] ?? 0) + epsilon));
  const shift = beta.map((offset, c) => offset - (mean[c] ?? 0) * (scale[c] ?? 0));
  return { scale, shift };
}

/** One factor for each channel, where the tensor broadcasts so and does not add a dimension. */
function spread(
  { dims, values }: FloatWeight,
  { channels, rank }: Reader,
): Float32Array | undefined {
  if (dims.length > rank) return undefined;
  const aligned = [...new Array<number>(rank - dims.length).fill(1), ...dims];
  if (aligned.some((size, axis) => axis !== 1 && size !== 1)) return undefined;
  const [first = 0] = values;
  if (aligned[1] === 1) return new Float32Array(channels).fill(first);
  return aligned[1] === channels ? values : undefined;
}

import { TensorProto_DataType as DataType, type GraphProto, type NodeProto } from "onnx-buf";
import { type FloatWeight, GraphEditor } from "../onnx/graph-editor.ts";
import { isStandard } from "../onnx/onnx-node.ts";
import { type Affine, affineOf } from "./affine-of.ts";

/** A convolution whose weights are constants. */
interface ConstantConv {
  readonly node: NodeProto;
  readonly weight: FloatWeight;
  readonly bias: Float32Array;
}

/**
 * Folds what follows a Conv channel by channel (BatchNormalization, or a Mul or Add with constants)
 * into its weights and bias, so that one step fewer runs over what it computes.
 */
export function foldAffine(graph: GraphProto): void {
  const editor = new GraphEditor(graph);
  for (const node of graph.node) {
    // In chains, as Conv, BatchNormalization, Mul, Add: one after another.
    for (let next = foldable(editor, node); next !== undefined; next = foldable(editor, node)) {
      fold(editor, next.conv, next.affine);
      node.output = [...next.follower.output];
      graph.node = graph.node.filter((other) => other !== next.follower);
    }
  }
}

function foldable(
  editor: GraphEditor,
  node: NodeProto,
): { conv: ConstantConv; follower: NodeProto; affine: Affine } | undefined {
  const [y = ""] = node.output;
  if (node.opType !== "Conv" || !isStandard(node) || editor.isOutput(y)) return undefined;
  const readers = editor.readersOf(y);
  const [follower] = readers;
  if (follower === undefined || readers.length > 1) return undefined;
  const [, weightName, biasName] = node.input;
  const weight = editor.floats(weightName);
  const channels = weight?.dims[0];
  if (weight === undefined || channels === undefined) return undefined;
  const bias = biasName ? editor.floats(biasName)?.values : new Float32Array(channels);
  if (bias === undefined) return undefined;
  const rank = weight.dims.length;
  const affine = affineOf(editor, { node: follower, value: y, channels, rank });
  return affine && { conv: { node, weight, bias }, follower, affine };
}

function fold(editor: GraphEditor, conv: ConstantConv, { scale, shift }: Affine): void {
  const { node, weight, bias } = conv;
  const perChannel = weight.values.length / scale.length;
  const values = weight.values.map((value, i) => value * (scale[Math.floor(i / perChannel)] ?? 1));
  const shifted = bias.map((value, c) => value * (scale[c] ?? 1) + (shift[c] ?? 0));
  const [x = "", , biasName] = node.input;
  const type = DataType.FLOAT;
  // New tensors, as another node may share the old ones; those that nothing shares are dropped later.
  node.input = [
    x,
    editor.add({ name: weight.name, type, dims: weight.dims, data: values }),
    editor.add({
      name: biasName || `${weight.name}/bias`,
      type,
      dims: [shifted.length],
      data: shifted,
    }),
  ];
}

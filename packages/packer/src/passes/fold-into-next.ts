import { TensorProto_DataType as DataType, type GraphProto, type NodeProto } from "onnx-buf";
import { GraphEditor } from "../onnx/graph-editor.ts";
import { attributeOf, isStandard } from "../onnx/onnx-node.ts";

/** `scale · x + shift`, the same for every element. */
interface Step {
  readonly x: string;
  readonly scale: number;
  readonly shift: number;
}

/**
 * Folds a Mul or Add with one constant number into the Conv that alone reads what it makes. A shift
 * goes only into a Conv that pads nothing: what is padded with would have to be shifted as well.
 */
export function foldIntoNext(graph: GraphProto): void {
  const editor = new GraphEditor(graph);
  const makers = new Map(graph.node.flatMap((node) => node.output.map((name) => [name, node])));
  for (const conv of graph.node) {
    if (conv.opType !== "Conv" || !isStandard(conv)) continue;
    // In chains, as Mul, Add, Conv: one after another.
    for (let more = true; more; ) {
      const [value = ""] = conv.input;
      const maker = makers.get(value);
      const isOnlyReader = editor.readersOf(value).length === 1 && !editor.isOutput(value);
      const step = maker && isOnlyReader ? stepOf(editor, maker) : undefined;
      more = step !== undefined && absorb(editor, conv, step);
      if (more) graph.node = graph.node.filter((node) => node !== maker);
    }
  }
}

function stepOf(editor: GraphEditor, node: NodeProto): Step | undefined {
  if (!isStandard(node) || (node.opType !== "Mul" && node.opType !== "Add")) return undefined;
  const [a = "", b = ""] = node.input;
  const [x, name] = editor.floatCount(a) === undefined ? [a, b] : [b, a];
  const weight = editor.floatCount(name) === 1 ? editor.floats(name) : undefined;
  const [factor] = weight?.values ?? [];
  // More dimensions than a scalar's might be more than the value has.
  if (weight === undefined || factor === undefined || weight.dims.length > 1) return undefined;
  return node.opType === "Mul" ? { x, scale: factor, shift: 0 } : { x, scale: 1, shift: factor };
}

/** @returns whether the Conv could take it */
function absorb(editor: GraphEditor, conv: NodeProto, { x, scale, shift }: Step): boolean {
  const [, weightName, biasName = ""] = conv.input;
  const weight = editor.floats(weightName);
  const channels = weight?.dims[0];
  const before = biasName === "" ? undefined : editor.floats(biasName)?.values;
  if (weight === undefined || channels === undefined) return false;
  if (biasName !== "" && before === undefined) return false;
  if (shift !== 0 && (isPadded(conv) || !Number.isFinite(shift))) return false;
  const type = DataType.FLOAT;
  const kernel = weight.values.length / channels;
  const bias = Float32Array.from({ length: channels }, (_, channel) => {
    const sum = weight.values
      .subarray(channel * kernel, (channel + 1) * kernel)
      .reduce((total, value) => total + value, 0);
    return (before?.[channel] ?? 0) + shift * sum;
  });
  const values = weight.values.map((value) => value * scale);
  // New tensors, as another node may share the old ones.
  const scaled =
    scale === 1
      ? weight.name
      : editor.add({ name: weight.name, type, dims: weight.dims, data: values });
  const shifted =
    shift === 0
      ? biasName
      : editor.add({
          name: biasName || `${weight.name}/bias`,
          type,
          dims: [channels],
          data: bias,
        });
  conv.input = shifted === "" ? [x, scaled] : [x, scaled, shifted];
  return true;
}

function isPadded(conv: NodeProto): boolean {
  const how = new TextDecoder().decode(attributeOf(conv, "auto_pad")?.s ?? new Uint8Array());
  const pads = attributeOf(conv, "pads")?.ints ?? [];
  return !["", "NOTSET", "VALID"].includes(how) || pads.some((size) => size !== 0n);
}

import { create, toBinary } from "@bufbuild/protobuf";
import {
  type GraphProto,
  GraphProtoSchema,
  type ModelProto,
  ModelProtoSchema,
  NodeProtoSchema,
  type TensorProto,
  TensorProtoSchema,
  ValueInfoProtoSchema,
} from "onnx-buf";
import { contentKey } from "../onnx/content-key.ts";
import { withNestedGraphs } from "../onnx/onnx-bodies.ts";
import { dataTypeOf } from "../onnx/onnx-element-type.ts";
import { dropUnusedInitializers } from "../onnx/settle-initializers.ts";
import { EXTERNAL_BYTES, sizeOf } from "../onnx/tensor-content.ts";
import { openSession } from "../runtime/onnx-runtime.ts";
import { type ConstantNode, type ConstantValue, constantNodes } from "./constant-nodes.ts";

/** What constants come to, the ones that were there included. */
type Values = ReadonlyMap<ConstantValue, TensorProto>;

/**
 * Replaces nodes that read constants alone, those of bodies included, by what they come to in
 * onnxruntime's WASM, which is the same on every machine. A node whose values take more bytes than
 * what it reads stays, unless they are small: weights that are stored in half, and a zero that is
 * spread over a tensor, are meant to be made on the device. Where the model would grow all the same,
 * as one does that keeps a table and a part of it, only small values are folded.
 *
 * @throws Error in the runtime's words where one of them cannot be run.
 */
export async function foldConstants(model: ModelProto, graph: GraphProto): Promise<void> {
  const nodes = constantNodes(graph);
  if (nodes.length === 0) return;
  const values = await valuesOf(model, nodes);
  const sizeBefore = weightBytes(graph);
  const before = withNestedGraphs(graph).map(({ node, initializer }) => ({ node, initializer }));
  fold(graph, nodes, { values, largest: Number.POSITIVE_INFINITY });
  if (weightBytes(graph) <= sizeBefore + EXTERNAL_BYTES) return;
  for (const [at, each] of withNestedGraphs(graph).entries()) Object.assign(each, before[at]);
  fold(graph, nodes, { values, largest: EXTERNAL_BYTES });
}

async function valuesOf(model: ModelProto, nodes: readonly ConstantNode[]): Promise<Values> {
  const names = new Map<ConstantValue, string>();
  const nameOf = (value: ConstantValue | undefined): string => {
    if (value === undefined) return "";
    const name = names.get(value) ?? `value ${names.size}`;
    names.set(value, name);
    return name;
  };
  const program = nodes.map(({ node, reads, makes }) =>
    create(NodeProtoSchema, {
      ...node,
      name: "",
      input: node.input.map((name) => nameOf(reads.get(name))),
      output: node.output.map((name) => nameOf(makes.get(name))),
    }),
  );
  const given = [...names].flatMap(([{ tensor }, name]) =>
    tensor === undefined ? [] : [create(TensorProtoSchema, { ...tensor, name })],
  );
  const made = [...names].filter(([{ tensor }]) => tensor === undefined);
  const { irVersion, opsetImport } = model;
  const onnx = create(ModelProtoSchema, {
    irVersion,
    opsetImport: opsetImport.filter(({ domain }) => domain === "" || domain === "ai.onnx"),
    graph: create(GraphProtoSchema, {
      name: "constants",
      node: program,
      initializer: given,
      output: made.map(([, name]) => create(ValueInfoProtoSchema, { name })),
    }),
  });
  const source = { graph: toBinary(ModelProtoSchema, onnx), weights: new Map() };
  const session = await openSession(source, { optimization: "disabled" });
  try {
    const answers = await session.run([]);
    const answered = new Map(answers.map((answer) => [answer.name, answer]));
    const values = new Map<ConstantValue, TensorProto>();
    for (const [value, name] of names) {
      const answer = answered.get(name);
      if (value.tensor !== undefined) values.set(value, value.tensor);
      else if (answer !== undefined)
        values.set(
          value,
          create(TensorProtoSchema, {
            dataType: dataTypeOf(answer.dtype),
            dims: answer.dims.map(BigInt),
            rawData: answer.bytes,
          }),
        );
    }
    return values;
  } finally {
    await session.close();
  }
}

function fold(
  main: GraphProto,
  nodes: readonly ConstantNode[],
  { values, largest }: { readonly values: Values; readonly largest: number },
): void {
  const bytesOf = (some: Iterable<ConstantValue>): number =>
    [...some].reduce(
      (sum, value) => sum + (sizeOf(values.get(value) ?? create(TensorProtoSchema)) ?? 0),
      0,
    );
  const settled = new Set<ConstantValue>();
  const gone = new Map<GraphProto, Set<unknown>>();
  for (const { graph, node, reads, makes } of nodes) {
    const read = [...reads.values()];
    const bytes = bytesOf(makes.values());
    const isSmall = bytes < EXTERNAL_BYTES;
    const isKnown = read.every((value) => value.tensor !== undefined || settled.has(value));
    if (!isKnown || bytes > largest || (!isSmall && bytes > bytesOf(read))) continue;
    const tensors = [...makes].flatMap(([name, value]) => {
      settled.add(value);
      const tensor = values.get(value);
      return tensor === undefined ? [] : [{ ...tensor, name }];
    });
    graph.initializer = [...graph.initializer, ...tensors];
    gone.set(graph, (gone.get(graph) ?? new Set()).add(node));
  }
  for (const [graph, folded] of gone) graph.node = graph.node.filter((node) => !folded.has(node));
  dropUnusedInitializers(main);
}

/** What the weights of a model take where equal ones are stored once. */
function weightBytes(main: GraphProto): number {
  const sizes = new Map<string, number>();
  for (const { initializer } of withNestedGraphs(main))
    for (const tensor of initializer) {
      const size = sizeOf(tensor);
      if (size !== undefined && size > 0) sizes.set(contentKey(tensor), size);
    }
  return [...sizes.values()].reduce((sum, size) => sum + size, 0);
}

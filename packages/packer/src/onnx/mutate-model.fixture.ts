import { clone, create, fromBinary } from "@bufbuild/protobuf";
import {
  type GraphProto,
  ModelProtoSchema,
  NodeProtoSchema,
  StringStringEntryProtoSchema,
  TensorProto_DataLocation,
  TensorProtoSchema,
  ValueInfoProtoSchema,
} from "onnx-buf";
import { withNestedGraphs } from "./onnx-bodies.ts";
import { encode } from "./onnx-model.fixture.ts";

/** Changes what a model says, leaving its file well formed: such damage gets further in. */
export function mutateModel(file: Uint8Array, random: () => number): Uint8Array<ArrayBuffer> {
  const model = fromBinary(ModelProtoSchema, file);
  const graphs = model.graph === undefined ? [] : withNestedGraphs(model.graph);
  const times = 1 + Math.floor(random() * 3);
  for (let i = 0; i < times; i++) {
    const graph = pick(graphs, random);
    const change = pick(CHANGES, random);
    if (graph !== undefined && change !== undefined) change(graph, random);
  }
  if (random() < 0.1) model.irVersion = BigInt(Math.floor(random() * 15));
  if (random() < 0.1)
    for (const opset of model.opsetImport) opset.version = BigInt(Math.floor(random() * 30));
  return encode(model);
}

type Change = (graph: GraphProto, random: () => number) => void;

function pick<T>(list: readonly T[], random: () => number): T | undefined {
  return list[Math.floor(random() * list.length)];
}

/** Sizes at the edges of what a size can be. */
const SIZES = [0n, 1n, 2n, 3n, 64n, 512n, 65536n, 2n ** 20n, 2n ** 31n, 2n ** 40n, 2n ** 62n, -1n];

const OPERATORS = "Add,Mul,MatMul,Gemm,Conv,Softmax,Reshape,Cast,If,Identity,Shape,Size,NonZero,"
  .concat("Concat,Squeeze,Expand,Tile,Transpose,RandomNormalLike,SequenceConstruct,Nope")
  .split(",");

const CHANGES: readonly Change[] = [
  function resizeTensor(graph, random) {
    const tensor = pick(graph.initializer, random);
    if (tensor === undefined) return;
    const at = Math.floor(random() * (tensor.dims.length + 1));
    tensor.dims[at] = pick(SIZES, random) ?? 0n;
  },
  function emptyTensor(graph, random) {
    const tensor = pick(graph.initializer, random);
    if (tensor === undefined) return;
    tensor.dims = [0n];
    tensor.rawData = new Uint8Array();
  },
  function retypeTensor(graph, random) {
    const tensor = pick(graph.initializer, random);
    if (tensor !== undefined) tensor.dataType = Math.floor(random() * 26);
  },
  function poisonWeights(graph, random) {
    const tensor = pick(graph.initializer, random);
    if (tensor === undefined || tensor.rawData.length < 4) return;
    const at = Math.floor(random() * (tensor.rawData.length / 4)) * 4;
    tensor.rawData.set(random() < 0.5 ? [0, 0, 0xc0, 0x7f] : [0, 0, 0x80, 0xff], at);
  },
  function sendOutside(graph, random) {
    const tensor = pick(graph.initializer, random);
    if (tensor === undefined) return;
    tensor.dataLocation = TensorProto_DataLocation.EXTERNAL;
    const locations = [".", "..", "", "model.onnx", "missing", "/outside", "a\0b"];
    const entries = {
      location: pick(locations, random) ?? "",
      offset: String(pick(SIZES, random)),
      ...(random() < 0.5 ? {} : { length: String(pick(SIZES, random)) }),
    };
    tensor.externalData = Object.entries(entries).map(([key, value]) =>
      create(StringStringEntryProtoSchema, { key, value }),
    );
    if (random() < 0.3) tensor.dims = [pick(SIZES, random) ?? 0n];
  },
  function resizeValue(graph, random) {
    const value = pick([...graph.input, ...graph.output], random);
    if (value?.type?.value.case !== "tensorType") return;
    const dim = pick(value.type.value.value.shape?.dim ?? [], random);
    if (dim !== undefined) dim.value = { case: "dimValue", value: pick(SIZES, random) ?? 0n };
  },
  function retypeValue(graph, random) {
    const value = pick([...graph.input, ...graph.output], random);
    if (value?.type?.value.case === "tensorType")
      value.type.value.value.elemType = Math.floor(random() * 24);
  },
  function untypeValue(graph, random) {
    const value = pick([...graph.input, ...graph.output], random);
    if (value !== undefined) delete value.type;
  },
  function reconnect(graph, random) {
    const node = pick(graph.node, random);
    const other = pick(graph.node, random);
    const name = pick([...(other?.input ?? []), ...(other?.output ?? []), "", "nothing"], random);
    if (node === undefined || name === undefined) return;
    const names = random() < 0.6 ? node.input : node.output;
    names[Math.floor(random() * (names.length + 1))] = name;
  },
  function replaceOperator(graph, random) {
    const node = pick(graph.node, random);
    if (node !== undefined) node.opType = pick(OPERATORS, random) ?? "";
  },
  function renumberAttribute(graph, random) {
    const attribute = pick(pick(graph.node, random)?.attribute ?? [], random);
    if (attribute === undefined) return;
    attribute.i = pick(SIZES, random) ?? 0n;
    attribute.ints = attribute.ints.map(() => pick(SIZES, random) ?? 0n);
    if (random() < 0.3) attribute.name = pick(["axis", "to", "pads", "value", ""], random) ?? "";
  },
  function repeatNode(graph, random) {
    const node = pick(graph.node, random);
    if (node !== undefined) graph.node.push(clone(NodeProtoSchema, node));
  },
  function dropNode(graph, random) {
    graph.node.splice(Math.floor(random() * graph.node.length), 1);
  },
  function shuffleNodes(graph) {
    graph.node.reverse();
  },
  function repeatTensor(graph, random) {
    const tensor = pick(graph.initializer, random);
    if (tensor !== undefined) graph.initializer.push(clone(TensorProtoSchema, tensor));
  },
  function dropTensor(graph, random) {
    graph.initializer.splice(Math.floor(random() * graph.initializer.length), 1);
  },
  function repeatValue(graph, random) {
    const list = random() < 0.5 ? graph.input : graph.output;
    const value = pick([...graph.input, ...graph.output], random);
    if (value !== undefined) list.push(clone(ValueInfoProtoSchema, value));
  },
  function dropValue(graph, random) {
    const list = random() < 0.5 ? graph.input : graph.output;
    list.splice(Math.floor(random() * list.length), 1);
  },
  function renameValue(graph, random) {
    const names = ["", "__proto__", "constructor", "x".repeat(5000), "a/b\n"];
    const name = pick(names, random) ?? "";
    const value = pick([...graph.input, ...graph.output], random);
    if (value === undefined) return;
    const rename = (used: string): string => (used === value.name ? name : used);
    for (const node of graph.node) {
      node.input = node.input.map(rename);
      node.output = node.output.map(rename);
    }
    value.name = name;
  },
];

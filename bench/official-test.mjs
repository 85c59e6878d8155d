import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fromBinary } from "@bufbuild/protobuf";
import { TensorProto_DataType as DataType, ModelProtoSchema, TensorProtoSchema } from "onnx-buf";
import { elementType } from "../packages/packer/dist/onnx-element-type.js";
import { rawContent } from "../packages/packer/dist/tensor-content.js";

const ARRAYS = {
  float32: Float32Array,
  float64: Float64Array,
  float16: Uint16Array,
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int64: BigInt64Array,
  uint64: BigUint64Array,
  bool: Uint8Array,
};

/**
 * Reads one of the official ONNX tests: a folder with a model and sets of inputs with their answers.
 *
 * @returns the model's file and its cases; `skipped` says why JavaScript cannot hold them
 */
export function readOfficialTest(folder) {
  const model = join(folder, "model.onnx");
  const { graph, opsetImport } = fromBinary(ModelProtoSchema, readFileSync(model));
  const opset = Number(opsetImport.find(({ domain }) => domain === "")?.version ?? 0n);
  const constants = new Set(graph.initializer.map(({ name }) => name));
  const inputs = graph.input.filter(({ name }) => !constants.has(name));
  const odd = [...inputs, ...graph.output].map(kindOf).find((kind) => kind !== undefined);
  if (odd !== undefined) return { model, opset, cases: [], skipped: `takes or gives a ${odd}` };
  const sets = readdirSync(folder).filter((name) => name.startsWith("test_data_set_"));
  const cases = sets.sort().map((set) => ({
    inputs: readTensors(join(folder, set), "input", inputs),
    outputs: readTensors(join(folder, set), "output", graph.output),
  }));
  return { model, opset, cases };
}

/** What an input or output is that JavaScript has no tensor for. */
function kindOf({ type }) {
  const { case: kind, value } = type?.value ?? {};
  if (kind !== "tensorType") return kind?.replace("Type", "") ?? "value without a type";
  const { elemType } = value;
  return elementType(elemType) === undefined
    ? `${DataType[elemType].toLowerCase()} tensor`
    : undefined;
}

function readTensors(folder, kind, values) {
  const files = readdirSync(folder).filter((name) => name.startsWith(`${kind}_`));
  return files.map((_, index) => {
    const proto = fromBinary(TensorProtoSchema, readFileSync(join(folder, `${kind}_${index}.pb`)));
    const type = elementType(proto.dataType);
    return {
      name: values[index].name,
      type,
      dims: proto.dims.map(Number),
      data: dataOf(type, proto),
    };
  });
}

function dataOf(type, proto) {
  if (type === "string") return proto.stringData.map((bytes) => new TextDecoder().decode(bytes));
  return new ARRAYS[type](new Uint8Array(rawContent(proto)).buffer);
}

import { type FileHandle, open, realpath } from "node:fs/promises";
import { resolve } from "node:path";
import { SelvedgeError } from "@selvedge/protocol";
import {
  TensorProto_DataLocation as DataLocation,
  type GraphProto,
  type ModelProto,
  type TensorProto,
} from "onnx-buf";
import { isWithin } from "./is-within.ts";
import { withNestedGraphs } from "./onnx-bodies.ts";
import { sizeOf } from "./tensor-content.ts";

/**
 * Reads the tensors that a model keeps in files beside it into the model.
 *
 * @returns whether there were any
 * @throws SelvedgeError `model-unsupported` for a file outside the model's folder, `model-invalid`
 * for one that is missing or too short.
 */
export async function loadExternalData(model: ModelProto, folder: string): Promise<boolean> {
  const graphs = model.graph === undefined ? [] : withNestedGraphs(model.graph);
  const external = graphs
    .flatMap(tensorsOf)
    .filter(({ dataLocation }) => dataLocation === DataLocation.EXTERNAL);
  for (const tensor of external) await load(tensor, folder);
  return external.length > 0;
}

function tensorsOf(graph: GraphProto): TensorProto[] {
  const attributes = graph.node.flatMap((node) => node.attribute);
  return [
    ...graph.initializer,
    ...attributes.flatMap(({ t, tensors }) => (t === undefined ? tensors : [t, ...tensors])),
  ];
}

async function load(tensor: TensorProto, folder: string): Promise<void> {
  const entries = new Map(tensor.externalData.map(({ key, value }) => [key, value]));
  const location = entries.get("location") ?? "";
  const offset = Number(entries.get("offset") ?? 0);
  const length = Number(entries.get("length") ?? sizeOf(tensor));
  const isPlace = [offset, length].every((number) => Number.isSafeInteger(number) && number >= 0);
  if (!isPlace || length !== sizeOf(tensor))
    throw new SelvedgeError(
      "model-invalid",
      `Tensor "${tensor.name}" lies at offset ${offset}, length ${length} of "${location}", which does not fit its type. Export the model again.`,
    );
  const file = await openBeside(location, folder, tensor.name);
  try {
    // Before there is room made for it: a size that lies must not take all memory.
    const stats = await file.stat();
    if (!stats.isFile())
      throw new SelvedgeError(
        "model-invalid",
        `Tensor "${tensor.name}" is kept in "${location}", which is not a file. Export the model again.`,
      );
    const fits = offset + length <= stats.size;
    const bytes = new Uint8Array(fits ? length : 0);
    const { bytesRead } = await file.read(bytes, 0, bytes.length, offset);
    if (!fits || bytesRead !== length)
      throw new SelvedgeError(
        "model-invalid",
        `"${location}" ends before tensor "${tensor.name}" does: it was cut short. Export the model again.`,
      );
    tensor.rawData = bytes;
    tensor.dataLocation = DataLocation.DEFAULT;
    tensor.externalData = [];
  } finally {
    await file.close();
  }
}

async function openBeside(location: string, folder: string, tensor: string): Promise<FileHandle> {
  const missing = (cause: unknown) =>
    new SelvedgeError(
      "model-invalid",
      `Tensor "${tensor}" is kept in "${location}", which cannot be read. Put that file beside the model.`,
      { cause },
    );
  // Links are followed before the check, so that none can lead out of the folder.
  const root = await realpath(folder);
  const path = await realpath(resolve(root, location)).catch((cause: unknown) => {
    throw isWithin(resolve(root, location), root) ? missing(cause) : outside(location, tensor);
  });
  if (!isWithin(path, root)) throw outside(location, tensor);
  return await open(path).catch((cause: unknown) => {
    throw missing(cause);
  });
}

function outside(location: string, tensor: string): SelvedgeError {
  return new SelvedgeError(
    "model-unsupported",
    `Tensor "${tensor}" is kept in "${location}", outside the model's folder, where nothing is read. Put all of a model's files into one folder.`,
  );
}

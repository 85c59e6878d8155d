import { realpath, stat } from "node:fs/promises";
import { relative, resolve, sep } from "node:path";
import { clearField } from "@bufbuild/protobuf";
import { SelvedgeError } from "@selvedge/protocol";
import {
  TensorProto_DataLocation as DataLocation,
  type GraphProto,
  type ModelProto,
  type TensorProto,
  TensorProtoSchema,
} from "onnx-buf";
import { isWithin } from "../is-within.ts";
import { digestFile } from "../registry/digest-file.ts";
import { type FileRange, readRange } from "../registry/file-range.ts";
import { withNestedGraphs } from "./onnx-bodies.ts";
import { isExternalizable, sizeOf } from "./tensor-content.ts";

/** From this many bytes on, a model's external tensors stay in their files until each is needed. */
const STREAMED_BYTES = 2 ** 30;

/** JavaScript's own SHA-256, and much else, takes no more at once. */
const LARGEST_TENSOR = 2 ** 31 - 1;

/** WASM can address no more. */
const MEMORY_BYTES = 2 ** 32;

/** What a model keeps in files beside it. */
export interface ExternalData {
  /** The files, by their path from the model's folder. */
  readonly files: readonly {
    readonly file: string;
    readonly bytes: number;
    readonly sha256: string;
  }[];
  /** Tensors that were left where they are; the others hold their bytes now. */
  readonly ranges: ReadonlyMap<TensorProto, FileRange>;
  /** The files that those lie in, by the names the model has for them. */
  readonly weights: ReadonlyMap<string, FileRange>;
}

/**
 * Reads the tensors that a model keeps in files beside it into the model, or finds out where they
 * are: those of a model with a gigabyte of them or more are left in their files.
 *
 * @throws SelvedgeError `model-unsupported` for a file outside the model's folder, and for a tensor of
 * more than 2 GB or more than 4 GB in all; `model-invalid` for one that is missing or too short.
 */
export async function loadExternalData(
  model: ModelProto,
  folder: string,
  streamedBytes: number = STREAMED_BYTES,
): Promise<ExternalData> {
  const graphs = model.graph === undefined ? [] : withNestedGraphs(model.graph);
  const external = graphs
    .flatMap(tensorsOf)
    .filter(({ dataLocation }) => dataLocation === DataLocation.EXTERNAL);
  const root = await realpath(folder);
  const found = new Map<TensorProto, Found>();
  for (const tensor of external) found.set(tensor, await find(tensor, root));
  const total = [...found.values()].reduce((sum, { length }) => sum + length, 0);
  if (total >= MEMORY_BYTES)
    throw new SelvedgeError(
      "model-unsupported",
      `The model's weights take ${(total / 2 ** 30).toFixed(1)} GiB, and WASM has 4 GiB of memory: it could not be run for golden answers. Split the model, or export it with smaller weights.`,
    );
  const ranges = new Map<TensorProto, FileRange>();
  const weights = new Map<string, FileRange>();
  for (const [tensor, { path, offset, length, size, location }] of found) {
    if (total >= streamedBytes) weights.set(location, { path, offset: 0, length: size });
    if (total >= streamedBytes && isExternalizable(tensor))
      ranges.set(tensor, { path, offset, length });
    else bringIn(tensor, { path, offset, length });
  }
  const paths = new Set([...found.values()].map(({ path }) => path));
  const files: ExternalData["files"][number][] = [];
  for (const path of paths)
    files.push({ file: relative(root, path).replaceAll(sep, "/"), ...(await digestFile(path)) });
  files.sort((a, b) => (a.file < b.file ? -1 : 1));
  return { files, ranges, weights };
}

/** Gives a tensor the bytes that it kept in a file. */
export function bringIn(tensor: TensorProto, range: FileRange): void {
  tensor.rawData = readRange(range);
  clearField(tensor, TensorProtoSchema.field.dataLocation);
  tensor.externalData = [];
}

/** The tensors of a graph, those in attributes included; not those of graphs inside it. */
function tensorsOf(graph: GraphProto): TensorProto[] {
  const attributes = graph.node.flatMap((node) => node.attribute);
  return [
    ...graph.initializer,
    ...attributes.flatMap(({ t, tensors }) => (t === undefined ? tensors : [t, ...tensors])),
  ];
}

interface Found extends FileRange {
  /** What the model calls the file. */
  readonly location: string;
  /** The size of the whole file. */
  readonly size: number;
}

async function find(tensor: TensorProto, root: string): Promise<Found> {
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
  const path = await pathBeside(location, root, tensor.name);
  // Before there is room made for it: a size that lies must not take all memory.
  const stats = await stat(path).catch((cause: unknown) => {
    throw missing(location, tensor.name, cause);
  });
  if (!stats.isFile())
    throw new SelvedgeError(
      "model-invalid",
      `Tensor "${tensor.name}" is kept in "${location}", which is not a file. Export the model again.`,
    );
  if (offset + length > stats.size)
    throw new SelvedgeError(
      "model-invalid",
      `"${location}" ends before tensor "${tensor.name}" does: it was cut short. Export the model again.`,
    );
  if (length > LARGEST_TENSOR)
    throw new SelvedgeError(
      "model-unsupported",
      `Tensor "${tensor.name}" takes ${length} bytes, and ${LARGEST_TENSOR} is the most that one tensor may take. Split it.`,
    );
  return { location, path, offset, length, size: stats.size };
}

async function pathBeside(location: string, root: string, tensor: string): Promise<string> {
  // Links are followed before the check, so that none can lead out of the folder.
  const path = await realpath(resolve(root, location)).catch((cause: unknown) => {
    throw isWithin(resolve(root, location), root)
      ? missing(location, tensor, cause)
      : outside(location, tensor);
  });
  if (!isWithin(path, root)) throw outside(location, tensor);
  return path;
}

function missing(location: string, tensor: string, cause: unknown): SelvedgeError {
  return new SelvedgeError(
    "model-invalid",
    `Tensor "${tensor}" is kept in "${location}", which cannot be read. Put that file beside the model.`,
    { cause },
  );
}

function outside(location: string, tensor: string): SelvedgeError {
  return new SelvedgeError(
    "model-unsupported",
    `Tensor "${tensor}" is kept in "${location}", outside the model's folder, where nothing is read. Put all of a model's files into one folder.`,
  );
}

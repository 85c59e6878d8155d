import { readFile } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { SelvedgeError, sha256 } from "@selvedge/protocol";
import { type ModelProto, ModelProtoSchema } from "onnx-buf";
import { loadExternalData } from "./load-external-data.ts";

/** An ONNX file, decoded, with all of its weights in it. */
export interface SourceModel {
  readonly model: ModelProto;
  /** The same as one self-contained file. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Where it came from, as the manifest tells it. */
  readonly source: { readonly file: string; readonly bytes: number; readonly sha256: string };
}

/**
 * Reads an ONNX file, and the files beside it that hold its weights.
 *
 * @throws SelvedgeError `not-found`, `model-invalid` or `model-unsupported`.
 */
export async function readModel(path: string): Promise<SourceModel> {
  const bytes = await readModelFile(path);
  const model = decode(bytes, path);
  const hadExternalData = await loadExternalData(model, dirname(path));
  return {
    model,
    bytes: hadExternalData ? toBinary(ModelProtoSchema, model) : bytes,
    source: { file: basename(path), bytes: bytes.length, sha256: await sha256(bytes) },
  };
}

async function readModelFile(path: string): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return await readFile(path);
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
    if (code === "ENOENT")
      throw new SelvedgeError("not-found", `${path}: no such file. Check the path.`, { cause });
    if (code === "ERR_FS_FILE_TOO_LARGE")
      throw new SelvedgeError(
        "model-unsupported",
        `${path}: larger than 2 GB, more than one ONNX file may hold. Export it with external data.`,
        { cause },
      );
    throw new SelvedgeError("model-invalid", `${path}: cannot be read (${code ?? cause}).`, {
      cause,
    });
  }
}

function decode(bytes: Uint8Array<ArrayBuffer>, path: string): ModelProto {
  if (bytes.length === 0)
    throw new SelvedgeError("model-invalid", `${path}: an empty file. Export the model again.`);
  if (new TextDecoder("latin1").decode(bytes.subarray(4, 8)) === "ORTM")
    throw new SelvedgeError(
      "model-unsupported",
      `${path}: a model in ORT format, which WebGPU cannot run. Pack the .onnx file it was made from.`,
    );
  let model: ModelProto;
  try {
    model = fromBinary(ModelProtoSchema, bytes);
  } catch (cause) {
    throw new SelvedgeError(
      "model-invalid",
      `${path}: not an ONNX model, or one that was cut short. Check the file, or export it again.`,
      { cause },
    );
  }
  // Protobuf makes something of almost any bytes; what every model has tells them apart.
  if (model.graph === undefined || model.opsetImport.length === 0)
    throw new SelvedgeError(
      "model-invalid",
      `${path}: not an ONNX model: it holds no ${model.graph === undefined ? "graph" : "operator set"}. Check the file, or export it again.`,
    );
  return model;
}

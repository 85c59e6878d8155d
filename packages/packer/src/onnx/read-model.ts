import { readFile } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { type Provenance, SelvedgeError, sha256 } from "@selvedge/protocol";
import { type ModelProto, ModelProtoSchema } from "onnx-buf";
import { type ExternalData, loadExternalData } from "./load-external-data.ts";

/** An ONNX file, decoded, with all of its weights in it, or with most of them in their files. */
export interface SourceModel {
  readonly model: ModelProto;
  /** The same as one self-contained file; where weights stay in their files, without them. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Weights that stay in their files, where there are too many to hold all of them. */
  readonly streamed?: Pick<ExternalData, "ranges" | "weights">;
  /** Where it came from, as the manifest tells it. */
  readonly source: Provenance["source"];
}

/**
 * Reads an ONNX file, and the files beside it that hold its weights.
 *
 * @throws SelvedgeError `not-found`, `model-invalid` or `model-unsupported`.
 */
export async function readModel(path: string): Promise<SourceModel> {
  const read = await readModelFile(path);
  const model = decode(read, path);
  const { files, ranges, weights } = await loadExternalData(model, dirname(path));
  const isWhole = files.length === 0 || ranges.size > 0;
  const bytes = isWhole ? read : toBinary(ModelProtoSchema, model);
  return {
    model,
    bytes,
    ...(ranges.size === 0 ? {} : { streamed: { ranges, weights } }),
    source: {
      file: basename(path),
      bytes: read.length,
      sha256: await sha256(read),
      ...(files.length === 0 ? {} : { external: files }),
    },
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

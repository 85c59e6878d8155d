import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { diff, pack } from "../packages/packer/dist/index.js";
import { fineTuned, headNames, withNewHead, withOtherMetadata } from "./change-model.mjs";

const BASE = "1.0.0";

/** The updates that are measured: what becomes of the model's file. */
const CHANGES = {
  "nothing changed": (onnx) => onnx,
  "metadata edited": withOtherMetadata,
  "head replaced": withNewHead,
  "fine-tuned at 1e-3": fineTuned,
};

/**
 * What updates of a model make a device download, as a share of what one does that holds nothing:
 * manifest, graph, tensors and golden answers.
 *
 * @param dtypes what is packed together; the update of each is measured
 */
export async function measureUpdates({ name, model, golden, dtypes }, folder) {
  const registry = join(folder, `updates of ${dtypes.join(" and ")}`);
  const onnx = await readFile(model);
  const head = headNames(onnx);
  const options = { name, registry, dtypes, golden };
  await pack({ ...options, model, version: BASE });
  const [results, ratios] = [[], []];
  for (const [change, edit] of Object.entries(CHANGES)) {
    const version = change.replaceAll(" ", "-");
    const file = join(folder, `${name}.onnx`);
    await writeFile(file, edit(onnx));
    await pack({ ...options, model: file, version, base: BASE });
    for (const dtype of dtypes) {
      const label = `${name} update, ${change}, packed in ${dtypes.join(" and ")}`;
      const report = (of, bytes, full) => {
        results.push(single(`${label}: ${of}`, dtype, bytes));
        ratios.push(ratio(`${label}: ${of}`, dtype, bytes / full));
      };
      const update = { name, from: BASE, to: version, registry, dtype };
      const { items, fetched, full } = await diff(update);
      report("all", fetched, full);
      report("tensors", bytesOf(items), full);
      if (change === "head replaced") report("head", bytesOf(items, head), full);
    }
  }
  return { results, ratios };
}

/** What a device fetches of tensors, those that are called so or made of one that is. */
function bytesOf(items, names = [""]) {
  return items
    .filter(({ part, name }) => part === "tensor" && names.some((start) => name.startsWith(start)))
    .reduce((sum, { fetched }) => sum + fetched, 0);
}

function single(name, contender, value) {
  const [metric, unit] = ["size", "byte"];
  return { name, contender, metric, unit, median: value, min: value, max: value, n: 1 };
}

function ratio(name, of, value) {
  return { name, of, to: "full download", value: Number(value.toFixed(4)) };
}

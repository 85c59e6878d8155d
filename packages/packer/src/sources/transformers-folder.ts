import { readdir } from "node:fs/promises";
import { SelvedgeError } from "@selvedge/protocol";
import type { Attachment } from "../assemble-pack.ts";
import { readModel } from "../onnx/read-model.ts";
import { graphInputs } from "./complete-signature.ts";
import type { SourceKind, SourcePlace } from "./model-source.ts";
import { pathWithin, readTextWithin, readWithin } from "./read-within.ts";
import { readmeLicense } from "./readme-license.ts";
import { transformersConfig, transformersInputs } from "./transformers-inputs.ts";

/** What transformers.js reads beside a model, and the lists of words that go with it. */
const CARRIED =
  /^((config|generation_config|preprocessor_config|processor_config|tokenizer|tokenizer_config|special_tokens_map|added_tokens|normalizer|chat_template|vocab[\w-]*)\.json|(vocab[\w-]*|merges|labels)\.txt|chat_template\.jinja)$/;

/** https://huggingface.co/docs/transformers.js/guides/dtypes: how files of other precisions end. */
const PRECISION = /_(fp16|int8|uint8|quantized|q8|q4|q4f16|bnb4)\.onnx$/;

/** A vocabulary of 250,000 words takes 17 MB. */
const ATTACHMENT_BYTES = 64 * 1024 * 1024;

const README_BYTES = 1024 * 1024;

/** A folder as transformers.js loads it: ONNX files in `onnx/`, what else it reads beside that. */
export const transformersFolder: SourceKind = {
  description: "a folder as transformers.js loads it, with config.json and onnx/model.onnx",
  fits: ({ entries = [] }) =>
    entries.includes("onnx") || (entries.includes("config.json") && entries.some(isOnnx)),
  open: async (place) => {
    const { path, entries = [] } = place;
    const { file, notes } = choose(await modelsIn(place), place);
    const attachments: Attachment[] = [];
    for (const name of entries.filter((entry) => CARRIED.test(entry)))
      attachments.push({ name, bytes: await readWithin(path, name, ATTACHMENT_BYTES) });
    const model = await readModel(await pathWithin(path, file));
    const config = attachments.find(({ name }) => name === "config.json");
    const license = entries.includes("README.md")
      ? readmeLicense(await readTextWithin(path, "README.md", README_BYTES))
      : undefined;
    return {
      engine: "onnx",
      model,
      attachments,
      candidates: transformersInputs(
        model.model.graph === undefined ? [] : graphInputs(model.model.graph),
        transformersConfig(config && parseConfig(config, path)),
      ),
      ...(license === undefined ? {} : { license }),
      notes,
    };
  },
};

/** The ONNX files of a folder, as paths within it. */
async function modelsIn({ path, entries = [] }: SourcePlace): Promise<string[]> {
  if (!entries.includes("onnx")) return entries.filter(isOnnx);
  const inner = await readdir(await pathWithin(path, "onnx")).catch((cause: unknown) => {
    if (cause instanceof SelvedgeError) throw cause;
    throw new SelvedgeError("model-invalid", `${path}: "onnx" is no folder that can be read.`, {
      cause,
    });
  });
  return inner
    .filter(isOnnx)
    .sort()
    .map((name) => `onnx/${name}`);
}

/** Which model to pack: the one asked for, or the only one in full precision. */
function choose(
  models: readonly string[],
  { path, file }: SourcePlace,
): { file: string; notes: string[] } {
  const list = models.join(", ");
  if (models.length === 0)
    throw new SelvedgeError(
      "model-unsupported",
      `${path}: there is no .onnx file in it. Export the model to onnx/model.onnx.`,
    );
  if (file !== undefined) {
    if (!models.includes(file))
      throw new SelvedgeError(
        "options-invalid",
        `${path} has no model "${file}". Choose one of ${list} with --file.`,
      );
    const isRounded = PRECISION.test(file);
    const note = `${file} is not in full precision: it is packed as it is, and errors are measured against it.`;
    return { file, notes: isRounded ? [note] : [] };
  }
  const full = models.filter((model) => !PRECISION.test(model));
  const [only, ...others] = full;
  if (only === undefined)
    throw new SelvedgeError(
      "model-unsupported",
      `${path} has no model in full precision, from which others could be made, only ${list}. Add onnx/model.onnx, or choose one with --file to pack it as it is.`,
    );
  if (others.length === 0) return { file: only, notes: [] };
  const main = full.find((model) => /(^|\/)model\.onnx$/.test(model));
  if (main === undefined)
    throw new SelvedgeError(
      "options-invalid",
      `${path} has several models. Choose one of ${full.join(", ")} with --file, and pack each under a name of its own.`,
    );
  const left = full.filter((model) => model !== main).join(", ");
  return { file: main, notes: [`${main} was packed; ${left} can be with --file.`] };
}

function parseConfig({ name, bytes }: Attachment, folder: string): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    throw new SelvedgeError(
      "model-invalid",
      `${folder}: ${name} is not JSON. Copy the model's folder again.`,
    );
  }
}

function isOnnx(name: string): boolean {
  return name.endsWith(".onnx");
}

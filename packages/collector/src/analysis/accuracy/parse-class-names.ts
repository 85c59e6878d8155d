/** A longer name is none that a table could show. */
const MAX_CHARS = 200;

/**
 * Reads what classes are called, in the order of a model's scores: a line each, or `id2label` of a
 * transformers.js `config.json`. A class without a name, or with one that is none, is `undefined`.
 *
 * @param fileName a file that ends in `.json` is a config, any other is one of lines
 * @returns `undefined` where the file says nothing of that
 * @see https://huggingface.co/docs/transformers/main_classes/configuration on `id2label`
 */
export function parseClassNames(
  fileName: string,
  bytes: Uint8Array,
): readonly (string | undefined)[] | undefined {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return (fileName.endsWith(".json") ? namesInConfig(text) : namesInLines(text))?.map(nameOf);
  } catch {
    // No UTF-8, or no JSON: it is no file of names.
    return undefined;
  }
}

function namesInLines(text: string): readonly string[] | undefined {
  const lines = text.split(/\r?\n/);
  // The end of the last line, not a class without a name.
  if (lines.at(-1) === "") lines.pop();
  return lines.length === 0 ? undefined : lines;
}

function namesInConfig(text: string): readonly unknown[] | undefined {
  const config: unknown = JSON.parse(text);
  if (typeof config !== "object" || config === null || !("id2label" in config)) return undefined;
  const { id2label } = config;
  if (typeof id2label !== "object" || id2label === null) return undefined;
  const names = new Map(Object.entries(id2label));
  const places = Array.from({ length: names.size }, (_, place) => String(place));
  return places.length > 0 && places.every((place) => names.has(place))
    ? places.map((place) => names.get(place))
    : undefined;
}

function nameOf(name: unknown): string | undefined {
  if (typeof name !== "string") return undefined;
  const text = name.trim();
  // transformers writes LABEL_0 where nobody said what a class is called.
  const isName = text !== "" && text.length <= MAX_CHARS && !/^LABEL_\d+$/.test(text);
  return isName ? text : undefined;
}

import { readFile } from "node:fs/promises";
import { SelvedgeError } from "@selvedge/protocol";

/**
 * Reads what a model's classes are called, one a line, in the order of its outputs. Of a recognizer
 * that was trained with CTC the first line is the blank's, and empty.
 *
 * @throws SelvedgeError `not-found` or `options-invalid`.
 */
export async function readVocabulary(path: string): Promise<string[]> {
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw new SelvedgeError("not-found", `Vocabulary ${path}: cannot be read. Check the path.`, {
      cause,
    });
  });
  const lines = textOf(bytes, path).split(/\r?\n/);
  // The end of the last line, not a class without a name.
  if (lines.at(-1) === "") lines.pop();
  if (lines.length < 2)
    throw new SelvedgeError(
      "options-invalid",
      `Vocabulary ${path}: it has to have a line for each class. Give the file that the model was trained with.`,
    );
  return lines;
}

function textOf(bytes: Uint8Array, path: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new SelvedgeError("options-invalid", `Vocabulary ${path}: not UTF-8. Save it as UTF-8.`, {
      cause,
    });
  }
}

import { readFile } from "node:fs/promises";
import { modelTypes } from "./model-types.ts";
import { writeAtomically } from "./registry/write-atomically.ts";

/** What writing declarations came to. */
export interface ModelTypesResult {
  readonly file: string;
  /** `unchanged` where the file said the same already. */
  readonly outcome: "written" | "unchanged";
  /** The models it knows, with the versions they were read from. */
  readonly models: readonly { readonly name: string; readonly versions: readonly string[] }[];
  /** Which models it leaves out, and why. */
  readonly warnings: readonly string[];
}

/**
 * Writes TypeScript declarations of the models that a registry serves, with which `load` of the SDK
 * knows their inputs and outputs by name, element type and rank.
 *
 * @throws SelvedgeError `not-found` where no version is promoted, `channel-invalid`,
 * `manifest-invalid`, or `registry-invalid` where the file cannot be written.
 */
export async function writeModelTypes({
  registry,
  out: file,
}: {
  readonly registry: string;
  readonly out: string;
}): Promise<ModelTypesResult> {
  const { text, models, warnings } = await modelTypes({ registry });
  const present = await readFile(file, "utf8").catch(() => undefined);
  const outcome = present === text ? "unchanged" : "written";
  // A file that says the same keeps its time, so that nothing is built again for it.
  if (outcome === "written") await writeAtomically(file, text);
  return { file, outcome, models, warnings };
}

import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { SelvedgeError } from "@selvedge/protocol";
import { type Case, readCases } from "../golden/cases-file.ts";
import { checkCases } from "../golden/check-cases.ts";
import { isRecord } from "../is-record.ts";
import { oneLine } from "../one-line.ts";
import type { DeclaredSignature } from "../onnx/signature.ts";
import type { FeatureNames } from "./plan-features.ts";

/** Examples that a reference is taken from. */
export interface ReferenceFile {
  readonly cases: readonly Case[];
  readonly names: FeatureNames;
}

/**
 * Reads examples as golden files have them; in JSON, `features` may name the elements of a row:
 * `{"features": {"x": ["bill_length_mm", "bill_depth_mm"]}, "cases": […]}`.
 *
 * @throws SelvedgeError `not-found` or `options-invalid`, naming the file and what is wrong.
 */
export async function readReference(
  path: string,
  declared: DeclaredSignature,
): Promise<ReferenceFile> {
  const title = `Reference file ${basename(path)}`;
  const cases = await readCases(path, "Reference file");
  checkCases(cases, declared, title);
  const names = namesIn(await readFile(path), (wrong): never => {
    throw new SelvedgeError("options-invalid", `${title}: ${oneLine(wrong)}.`);
  });
  const tensors = [...declared.inputs, ...declared.outputs].map(({ name }) => name);
  const unknown = Object.keys(names).find((name) => !tensors.includes(name));
  if (unknown !== undefined)
    throw new SelvedgeError(
      "options-invalid",
      `${title}: ${oneLine(`features.${unknown} is of no input and no output; those are ${tensors.join(", ")}`)}.`,
    );
  return { cases, names };
}

function namesIn(bytes: Uint8Array, refuse: (wrong: string) => never): FeatureNames {
  // What was read as an archive starts as one, and has no names.
  if (bytes[0] === 0x50) return {};
  const document: unknown = JSON.parse(new TextDecoder().decode(bytes));
  const features = isRecord(document) ? (document["features"] ?? {}) : {};
  if (!isRecord(features)) return refuse("features must be an object of lists of names");
  const all = Object.entries(features).map(([tensor, list]) => {
    if (!Array.isArray(list) || !list.every((name) => typeof name === "string" && name !== ""))
      return refuse(`features.${tensor} must be a list of names`);
    return [tensor, list.map(String)] as const;
  });
  return Object.fromEntries(all);
}

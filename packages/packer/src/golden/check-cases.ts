import { SelvedgeError } from "@selvedge/protocol";
import type { NamedTensor } from "../named-tensor.ts";
import { oneLine } from "../one-line.ts";
import type { DeclaredSignature, DeclaredValue } from "../onnx/signature.ts";
import { type Case, nameOfCase } from "./cases-file.ts";

/**
 * Holds cases against what the model declares, before anything is run: every input is there, none is
 * unknown, and types, ranks and fixed dimensions are the model's.
 *
 * @param file what to call their file in messages, such as `Golden file cases.npz`
 * @throws SelvedgeError `options-invalid`, naming the case and the input.
 */
export function checkCases(
  cases: readonly Case[],
  declared: DeclaredSignature,
  file: string,
): void {
  for (const [index, item] of cases.entries()) {
    const { inputs, outputs = [] } = item;
    const wrong =
      wrongAmong(inputs, declared.inputs, "input") ??
      missingFrom(inputs, declared.inputs) ??
      wrongAmong(outputs, declared.outputs, "output");
    if (wrong !== undefined)
      throw new SelvedgeError(
        "options-invalid",
        `${file}: ${oneLine(`${nameOfCase(item, index)}: ${wrong}`)}.`,
      );
  }
}

function wrongAmong(
  tensors: readonly NamedTensor[],
  declared: readonly DeclaredValue[],
  role: "input" | "output",
): string | undefined {
  for (const { name, dtype, dims } of tensors) {
    const value = declared.find((one) => one.name === name);
    if (value === undefined) return `the model has no ${role} "${name}"; ${listOf(declared, role)}`;
    if (value.dtype !== undefined && value.dtype !== dtype)
      return `${role} "${name}" is ${dtype}, and the model's is ${value.dtype}`;
    if (value.dims !== undefined && !fits(dims, value.dims))
      return `${role} "${name}" is [${dims.join(", ")}], and the model's is ${shape(value.dims)}`;
  }
  return undefined;
}

function missingFrom(
  tensors: readonly NamedTensor[],
  declared: readonly DeclaredValue[],
): string | undefined {
  const missing = declared.find(({ name }) => tensors.every((tensor) => tensor.name !== name));
  return missing && `input "${missing.name}" is missing; ${listOf(declared, "input")}`;
}

function listOf(declared: readonly DeclaredValue[], role: string): string {
  const names = declared.map(({ name, dtype = "?", dims }) => {
    return `"${name}" (${dtype}${dims === undefined ? "" : shape(dims)})`;
  });
  return `its ${role}s are ${names.join(", ") || "none"}`;
}

function fits(dims: readonly number[], declared: readonly number[]): boolean {
  return (
    dims.length === declared.length &&
    declared.every((dim, axis) => dim === -1 || dim === dims[axis])
  );
}

function shape(dims: readonly number[]): string {
  return `[${dims.map((dim) => (dim === -1 ? "any" : dim)).join(", ")}]`;
}

import type { NamedTensor } from "../named-tensor.ts";
import type { DeclaredSignature } from "../signature.ts";

/**
 * Why a model cannot take inputs, as far as its declaration tells.
 *
 * @returns what does not fit, in words; `undefined` where all fit
 */
export function inputMismatch(
  inputs: readonly NamedTensor[],
  { inputs: declared }: Pick<DeclaredSignature, "inputs">,
): string | undefined {
  const names = declared.map(({ name }) => `"${name}"`).join(", ");
  const unknown = inputs.find(({ name }) => declared.every((value) => value.name !== name));
  if (unknown !== undefined)
    return `the model has no input "${unknown.name}"; its inputs are ${names}`;
  for (const { name, dtype, dims } of declared) {
    const given = inputs.find((input) => input.name === name);
    if (given === undefined) return `input "${name}" is missing; the model's inputs are ${names}`;
    if (dtype !== undefined && given.dtype !== dtype)
      return `input "${name}" is ${given.dtype}, and the model takes ${dtype}`;
    const fits =
      dims === undefined ||
      (dims.length === given.dims.length &&
        dims.every((size, axis) => size === -1 || size === given.dims[axis]));
    if (!fits) {
      const wanted = dims.map((size) => (size === -1 ? "any" : size)).join(", ");
      return `input "${name}" is [${given.dims.join(", ")}], and the model takes [${wanted}]`;
    }
  }
  return undefined;
}

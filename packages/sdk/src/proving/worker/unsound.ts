import type { Tensor, Tensors } from "../../tensor.ts";
import { elementAt } from "./element-at.ts";

/**
 * Looks for a NaN or an infinity in what there is nothing to hold against; what there is something for
 * is held to that.
 *
 * @returns the first of them, in words.
 */
export function unsound(outputs: Tensors, held: Tensors): string | undefined {
  for (const [name, tensor] of Object.entries(outputs)) {
    if (Object.hasOwn(held, name)) continue;
    const index = firstUnsound(tensor);
    if (index !== undefined)
      return `output ${name}[${index}] is ${elementAt(tensor, index)}, which no golden answer says it may be`;
  }
  return undefined;
}

function firstUnsound(tensor: Tensor): number | undefined {
  if (!tensor.type.startsWith("float")) return undefined;
  for (let i = 0; i < tensor.data.length; i++) if (!Number.isFinite(elementAt(tensor, i))) return i;
  return undefined;
}

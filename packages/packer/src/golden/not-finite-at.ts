import { elementsOf, type NamedTensor } from "../named-tensor.ts";

/** The first element of a tensor that is NaN or infinite; `undefined` where there is none. */
export function notFiniteAt(tensor: NamedTensor): number | undefined {
  if (!tensor.dtype.startsWith("float")) return undefined;
  const values = elementsOf(tensor);
  for (let i = 0; i < values.length; i++) if (!Number.isFinite(Number(values[i]))) return i;
  return undefined;
}

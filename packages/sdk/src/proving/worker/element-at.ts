import { fromHalf } from "@selvedge/protocol";
import type { Tensor } from "../../tensor.ts";

/** An element as a number, whatever it is carried as. */
export function elementAt(
  { type, data }: Tensor,
  index: number,
): number | bigint | string | undefined {
  const element = data[index];
  return type === "float16" && typeof element === "number" ? fromHalf(element) : element;
}

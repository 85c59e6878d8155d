import type { NamedTensor } from "./named-tensor.ts";

/** Inputs and what the model answers to them. */
export interface Golden {
  readonly inputs: readonly NamedTensor[];
  readonly outputs: readonly NamedTensor[];
}

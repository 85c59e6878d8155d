import type { MeasurableTensor } from "@selvedge/protocol";
import { elementsOf, type NamedTensor } from "../named-tensor.ts";

/** A tensor that can be measured, with its name. */
export interface ExampleTensor extends MeasurableTensor {
  readonly name: string;
}

/** What a model was run on once, and what it answered. */
export interface Example {
  readonly inputs: readonly ExampleTensor[];
  readonly outputs: readonly ExampleTensor[];
}

/** Float16 becomes float32: what is measured of it is the same. */
export function exampleTensor(tensor: NamedTensor): ExampleTensor {
  const { name, dtype, dims } = tensor;
  return { name, dims, type: dtype === "float16" ? "float32" : dtype, data: elementsOf(tensor) };
}

/** A tensor's elements as numbers. */
export function numbersOf({ data }: ExampleTensor): Float64Array {
  return Float64Array.from(data, Number);
}

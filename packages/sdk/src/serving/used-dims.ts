import type { Tensors } from "../tensor.ts";
import type { InputDims } from "../worker/engine-api.ts";

/**
 * The largest inputs that an app has used, as dims and never as data: those of one call, so that they
 * go together, and cost no more than the app has spent already.
 */
export class UsedDims {
  #largest: InputDims | undefined;
  #elements = 0;
  /** Told when there are larger ones. */
  onGrow: () => void = () => undefined;

  /** Dims of the call with the most elements; `undefined` before the first. */
  get largest(): InputDims | undefined {
    return this.#largest;
  }

  /** Looks at the inputs of a call that was answered. */
  note(inputs: Tensors): void {
    let elements = 0;
    for (const { dims } of Object.values(inputs)) elements += count(dims);
    if (elements <= this.#elements) return;
    this.#elements = elements;
    this.#largest = dimsOf(inputs);
    this.onGrow();
  }
}

/** The dims of inputs, without what is in them. */
export function dimsOf(inputs: Tensors): InputDims {
  return Object.fromEntries(Object.entries(inputs).map(([name, { dims }]) => [name, [...dims]]));
}

/** Dims by input, such as `x 1x3x48x320`. */
export function dimsText(dims: InputDims): string {
  return Object.entries(dims)
    .map(([name, each]) => `${name} ${each.join("x")}`)
    .join(", ");
}

/** Elements of all inputs together. Inputs that are not named count as none. */
export function elementsOf(dims: InputDims): number {
  return Object.values(dims).reduce((sum, each) => sum + count(each), 0);
}

function count(dims: readonly number[]): number {
  return dims.reduce((product, dim) => product * dim, 1);
}

import type { Tensor } from "selvedge";

/** What rec takes, with nothing on it: enough to keep it busy for a moment. */
export function blankLine(): Tensor {
  return { type: "float32", data: new Float32Array(3 * 48 * 320), dims: [1, 3, 48, 320] };
}

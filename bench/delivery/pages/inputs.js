import { lineOfText } from "./line-of-text.js";

/** What is drawn for PP-OCR rec, and should be read. */
export const TEXT = "Total: $42.50";

/** What each model is asked, made here so that no contender has to download it. */
const INPUTS = {
  rec: () => ({ x: { type: "float32", ...lineOfText(TEXT) } }),
  silero: () => ({
    input: floats([1, 576], (i) => Math.sin(i / 9) / 2),
    state: floats([2, 1, 128], () => 0),
    sr: { type: "int64", data: BigInt64Array.of(16000n), dims: [] },
  }),
  lande: () => ({ ngrams: floats([1, 620], (i) => (i % 7) / 100) }),
};

/** Tensors by name: `{ type, data, dims }`. */
export function inputsOf(model) {
  return INPUTS[model]();
}

function floats(dims, valueAt) {
  const length = dims.reduce((product, dim) => product * dim, 1);
  return { type: "float32", data: Float32Array.from({ length }, (_, i) => valueAt(i)), dims };
}

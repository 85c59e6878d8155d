import { elementCount, SelvedgeError } from "@selvedge/protocol";
import { bytesFrom, type NamedTensor, type RunnableType } from "./named-tensor.ts";
import type { DeclaredSignature } from "./signature.ts";

/** Sizes tried for free dimensions, the first that the model accepts wins. */
const SIZES = [64, 32, 128, 96, 48, 16, 8, 4, 2, 1];

/** Integers are drawn below these: first a few, then what any flag or vocabulary has. */
const INTEGER_LIMITS = [10, 2];

/**
 * Inputs to try a model on, in order of preference: the same every time for the same signature. The
 * first dimension is the batch, 1 where it is free.
 *
 * @throws SelvedgeError `model-unsupported` where the model does not say what it takes.
 */
export function* goldenInputs({ inputs }: DeclaredSignature): Generator<NamedTensor[]> {
  const known = inputs.map(({ name, dtype, dims }) => {
    if (dtype !== undefined && dims !== undefined) return { name, dtype, dims };
    throw new SelvedgeError(
      "model-unsupported",
      `The model does not say the ${dtype === undefined ? "type" : "rank"} of its input "${name}". Give inputs with --golden FILE.`,
    );
  });
  const hasFreeSize = known.some(({ dims }) => dims.some((dim, axis) => axis > 0 && dim === -1));
  const hasIntegers = known.some(({ dtype }) => !dtype.startsWith("float") && dtype !== "bool");
  for (const size of hasFreeSize ? SIZES : SIZES.slice(0, 1))
    for (const limit of hasIntegers ? INTEGER_LIMITS : INTEGER_LIMITS.slice(0, 1)) {
      const random = seededRandom(1);
      yield known.map(({ name, dtype, dims: declared }) => {
        const dims = declared.map((dim, axis) => (dim !== -1 ? dim : axis === 0 ? 1 : size));
        const values = Array.from({ length: elementCount(dims) }, () =>
          valueFor(dtype, limit, random()),
        );
        return { name, dtype, dims, bytes: bytesFrom(dtype, values) };
      });
    }
}

function valueFor(dtype: RunnableType, limit: number, random: number): number {
  if (dtype === "float32" || dtype === "float64") return random * 2 - 1;
  return Math.floor(random * (dtype === "bool" ? 2 : limit));
}

/** Mulberry32: numbers from 0 up to 1, the same for the same seed on every machine. */
function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

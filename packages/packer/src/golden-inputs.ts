import { elementCount, SelvedgeError } from "@selvedge/protocol";
import { bytesFrom, type NamedTensor, type RunnableType } from "./named-tensor.ts";
import { seededRandom } from "./seeded-random.ts";
import type { DeclaredSignature } from "./signature.ts";

/** Sizes tried for free dimensions, the first that the model accepts wins. */
const SIZES = [64, 32, 128, 96, 48, 16, 8, 4, 2, 1];

/** Inputs are made up to this many elements each: more are slow to try, and travel with every download. */
const LARGEST_INPUT = 2 ** 24;

/** Integers are drawn below these: first a few, then what any flag or vocabulary has. */
const INTEGER_LIMITS = [10, 2];

/**
 * Inputs to try a model on, in order of preference: the same every time for the same signature. The
 * first dimension is the batch, 1 where it is free.
 *
 * @throws SelvedgeError `model-unsupported` where the model does not say what it takes, or takes more
 * than can be made.
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
  const shapesFor = (size: number) =>
    known.map(({ dims }) => dims.map((dim, axis) => (dim !== -1 ? dim : axis === 0 ? 1 : size)));
  const sizes = (hasFreeSize ? SIZES : SIZES.slice(0, 1)).filter((size) =>
    shapesFor(size).every((dims) => elementCount(dims) <= LARGEST_INPUT),
  );
  if (sizes.length === 0)
    throw new SelvedgeError(
      "model-unsupported",
      `The model takes an input of more than ${LARGEST_INPUT} elements. Give inputs with --golden FILE.`,
    );
  for (const size of sizes)
    for (const limit of hasIntegers ? INTEGER_LIMITS : INTEGER_LIMITS.slice(0, 1)) {
      const random = seededRandom(1);
      const shapes = shapesFor(size);
      yield known.map(({ name, dtype }, index) => {
        const dims = shapes[index] ?? [];
        const values = Array.from({ length: elementCount(dims) }, () =>
          valueFor(dtype, limit, random()),
        );
        return { name, dtype, dims, bytes: bytesFrom(dtype, values) };
      });
    }
}

function valueFor(dtype: RunnableType, limit: number, random: number): number {
  if (dtype.startsWith("float")) return random * 2 - 1;
  return Math.floor(random * (dtype === "bool" ? 2 : limit));
}

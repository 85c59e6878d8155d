import { elementCount, SelvedgeError } from "@selvedge/protocol";
import { bytesFrom, type NamedTensor, type RunnableType } from "../named-tensor.ts";
import type { DeclaredSignature } from "../onnx/signature.ts";
import { seededRandom } from "./seeded-random.ts";

/** Sizes tried for free dimensions, the first that the model accepts wins. */
const SIZES = [64, 32, 128, 96, 48, 16, 8, 4, 2, 1];

/** Inputs are made up to this many elements each: more are slow to try, and travel with every download. */
const LARGEST_INPUT = 2 ** 24;

/** Integers are drawn below these: first a few, then what any flag or vocabulary has. */
const INTEGER_LIMITS = [10, 2];

/** The largest number that inputs which nobody normalized usually hold: that of a pixel. */
const EXTREME = 255;

/** An input whose type and rank the model declares. */
interface KnownInput {
  readonly name: string;
  readonly dtype: RunnableType;
  readonly dims: readonly number[];
}

/** Makes an element from a random number, 0 ≤ random < 1. */
type Fill = (dtype: RunnableType, random: number) => number;

/**
 * Inputs to try a model on, in order of preference: the same every time for the same signature. The
 * first dimension is the batch, 1 where it is free.
 *
 * @throws SelvedgeError `model-unsupported` where the model does not say what it takes, or takes more
 * than can be made.
 */
export function* goldenInputs(declared: DeclaredSignature): Generator<NamedTensor[]> {
  const known = knownInputs(declared);
  const hasIntegers = known.some(({ dtype }) => !isFloat(dtype) && dtype !== "bool");
  for (const size of sizesFor(known, SIZES))
    for (const limit of hasIntegers ? INTEGER_LIMITS : INTEGER_LIMITS.slice(0, 1))
      yield inputsOf(known, { size, batch: 1 }, noise(limit));
}

/**
 * Inputs at the edges of what a model takes: zeros and extremes of the smallest sizes, noise of the
 * largest. For each edge the inputs to try, the first that the model accepts being the one.
 *
 * @param mostElements none of more are made
 * @returns nothing where the model does not say what it takes
 */
export function edgeInputs(
  declared: DeclaredSignature,
  mostElements: number,
): Generator<NamedTensor[]>[] {
  const isKnown = declared.inputs.every(({ dtype, dims }) => dtype && dims);
  if (!isKnown || declared.inputs.length === 0) return [];
  const known = knownInputs(declared);
  const growing = hasFreeSize(known) ? SIZES.toSorted((a, b) => a - b) : SIZES.slice(0, 1);
  const make = function* (sizes: readonly number[], batches: readonly number[], fill: Fill) {
    for (const size of sizes)
      for (const batch of batches)
        if (elementsOf(known, { size, batch }) <= mostElements)
          yield inputsOf(known, { size, batch }, fill);
  };
  const hasFreeBatch = known.some(({ dims }) => dims[0] === -1);
  return [
    make(growing, [1], () => 0),
    make(growing, [1], extreme),
    make(growing.toReversed(), hasFreeBatch ? [2, 1] : [1], noise(2)),
  ];
}

function knownInputs({ inputs }: DeclaredSignature): KnownInput[] {
  return inputs.map(({ name, dtype, dims }) => {
    if (dtype !== undefined && dims !== undefined) return { name, dtype, dims };
    throw new SelvedgeError(
      "model-unsupported",
      `The model does not say the ${dtype === undefined ? "type" : "rank"} of its input "${name}". Give inputs with --golden FILE.`,
    );
  });
}

/** The sizes for which no input is too large; one, which does not matter, where no dimension is free. */
function sizesFor(known: readonly KnownInput[], tried: readonly number[]): number[] {
  const sizes = (hasFreeSize(known) ? tried : tried.slice(0, 1)).filter((size) =>
    known.every(({ dims }) => elementCount(shape(dims, { size, batch: 1 })) <= LARGEST_INPUT),
  );
  if (sizes.length > 0) return sizes;
  throw new SelvedgeError(
    "model-unsupported",
    `The model takes an input of more than ${LARGEST_INPUT} elements. Give inputs with --golden FILE.`,
  );
}

function shape(
  dims: readonly number[],
  { size, batch }: { readonly size: number; readonly batch: number },
): number[] {
  return dims.map((dim, axis) => (dim !== -1 ? dim : axis === 0 ? batch : size));
}

function inputsOf(
  known: readonly KnownInput[],
  free: { readonly size: number; readonly batch: number },
  fill: Fill,
): NamedTensor[] {
  const random = seededRandom(1);
  return known.map(({ name, dtype, dims: declared }) => {
    const dims = shape(declared, free);
    const values = Array.from({ length: elementCount(dims) }, () => fill(dtype, random()));
    return { name, dtype, dims, bytes: bytesFrom(dtype, values) };
  });
}

function noise(limit: number): Fill {
  return (dtype, random) =>
    isFloat(dtype) ? random * 2 - 1 : Math.floor(random * (dtype === "bool" ? 2 : limit));
}

function extreme(dtype: RunnableType, random: number): number {
  if (!isFloat(dtype)) return 1;
  return random < 0.5 ? -EXTREME : EXTREME;
}

function hasFreeSize(known: readonly KnownInput[]): boolean {
  return known.some(({ dims }) => dims.some((dim, axis) => axis > 0 && dim === -1));
}

function elementsOf(
  known: readonly KnownInput[],
  free: { readonly size: number; readonly batch: number },
): number {
  return known.reduce((sum, { dims }) => sum + elementCount(shape(dims, free)), 0);
}

function isFloat(dtype: RunnableType): boolean {
  return dtype.startsWith("float");
}

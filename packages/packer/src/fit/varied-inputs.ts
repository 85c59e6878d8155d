import { elementCount, type ValueInfo } from "@selvedge/protocol";
import type { WorkerTensor } from "../runtime/model-worker.ts";

/** Dims of a model's inputs, by their names. */
export type InputDims = Readonly<Record<string, readonly number[]>>;

const BATCHES = [2, 5];

/** What free dims are multiplied by, and what they are set to: kernels treat what is left over apart. */
const FACTORS = [0.5, 1.5, 2];
const SIZES = [1, 3, 7, 16, 33, 64, 96, 160];

/** Inputs of more elements would take long, and call what smaller ones do. */
const MOST_ELEMENTS = 2 ** 20;

/**
 * Inputs of other dims than some given ones, wherever the signature leaves dims free: their elements are
 * those that were given, over and over, so that each is one that the model may see. A free first axis is
 * taken for a batch, unless it is the only axis that any free input has: sound is a list of samples.
 *
 * @param also dims to make inputs of too, whatever the signature says
 */
export function variedInputs(
  signature: readonly ValueInfo[],
  given: readonly WorkerTensor[],
  also: readonly InputDims[] = [],
): WorkerTensor[][] {
  const freeAxes = new Map(
    signature.map(({ name, dims }) => [name, dims.map((dim) => dim === -1)] as const),
  );
  const change = (dimOf: (dim: number, axis: number) => number): InputDims =>
    Object.fromEntries(
      given.map(({ name, dims }) => [
        name,
        dims.map((dim, axis) => (freeAxes.get(name)?.[axis] === true ? dimOf(dim, axis) : dim)),
      ]),
    );
  const areLists = signature.every(({ dims }) => dims.length <= 1 || !dims.includes(-1));
  const isBatch = (axis: number) => axis === 0 && !areLists;
  const plans = [
    ...BATCHES.map((batch) => change((dim, axis) => (axis === 0 ? batch : dim))),
    ...FACTORS.map((factor) =>
      change((dim, axis) => (isBatch(axis) ? dim : Math.max(1, Math.round(dim * factor)))),
    ),
    ...SIZES.map((size) => change((dim, axis) => (isBatch(axis) ? dim : size))),
  ].filter((dims) => elementsIn(dims) <= MOST_ELEMENTS);
  const own = JSON.stringify(change((dim) => dim));
  const others = new Map([...plans, ...also].map((dims) => [JSON.stringify(dims), dims]));
  others.delete(own);
  return [...others.values()].map((dims) =>
    given.map((tensor) => reshaped(tensor, dims[tensor.name])),
  );
}

function elementsIn(dims: InputDims): number {
  return Math.max(...Object.values(dims).map(elementCount));
}

function reshaped(tensor: WorkerTensor, dims: readonly number[] = tensor.dims): WorkerTensor {
  const { data } = tensor;
  if (data === null || data.length === 0) return tensor;
  const length = elementCount(dims);
  if (!ArrayBuffer.isView(data)) {
    const texts = Array.from({ length }, (_, i) => data[i % data.length] ?? "");
    return { ...tensor, dims, data: texts };
  }
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  const repeated = new Uint8Array(length * data.BYTES_PER_ELEMENT);
  for (let at = 0; at < repeated.length; at += bytes.length)
    repeated.set(bytes.subarray(0, repeated.length - at), at);
  return { ...tensor, dims, data: viewLike(data, repeated.buffer) };
}

function viewLike(data: NodeJS.TypedArray, buffer: ArrayBuffer): NodeJS.TypedArray {
  const View = data.constructor as new (buffer: ArrayBuffer) => NodeJS.TypedArray;
  return new View(buffer);
}

import { type ElementType, tensorBytes } from "./element-type.ts";

/**
 * The one codec of deltas: each element's bits as an integer that grows with its value, the
 * difference to the base's, zigzag, bytes shuffled by significance; then gzip, which is whoever
 * stores or fetches a delta's to do. A small change of every weight leaves mostly zeros.
 */
export const DELTA_CODEC = "sub-zz-shuf+gzip";

/**
 * What turns a tensor into another of the same type and dimensions, before gzip.
 *
 * @returns as many bytes as the tensors have
 * @throws RangeError where the two differ in length, or hold no whole number of elements.
 */
export function makeTensorDelta(
  dtype: ElementType,
  base: Uint8Array,
  next: Uint8Array,
): Uint8Array<ArrayBuffer> {
  const layout = layoutOf(dtype, base, next);
  return layout.size === 8 ? makeWide(layout, base, next) : makeNarrow(layout, base, next);
}

/**
 * Undoes `makeTensorDelta`: the tensor that a delta leads to from its base.
 *
 * @throws RangeError where the two differ in length, or hold no whole number of elements.
 */
export function applyTensorDelta(
  dtype: ElementType,
  base: Uint8Array,
  delta: Uint8Array,
): Uint8Array<ArrayBuffer> {
  layoutOf(dtype, base, delta);
  return applyTensorDeltaPart(dtype, { base, delta, start: 0 });
}

/**
 * Undoes `makeTensorDelta` for a part of the tensor, so that the whole need not be held.
 *
 * @param part.base bytes of the base from byte `start` on, as many as are wanted of the result
 * @param part.delta the whole delta
 * @throws RangeError where the part is not within the tensor, or holds no whole number of elements.
 */
export function applyTensorDeltaPart(
  dtype: ElementType,
  { base, delta, start }: { base: Uint8Array; delta: Uint8Array; start: number },
): Uint8Array<ArrayBuffer> {
  const layout = layoutOf(dtype, delta, delta);
  const first = start / layout.size;
  if (!Number.isInteger(first) || start < 0 || base.length % layout.size !== 0)
    throw new RangeError(`Bytes ${start}–${start + base.length} hold no whole ${dtype} elements.`);
  if (start + base.length > delta.length)
    throw new RangeError(`Bytes ${start}–${start + base.length} are not within ${delta.length}.`);
  const part = { ...layout, base, delta, first };
  return layout.size === 8 ? applyWide(part) : applyNarrow(part);
}

interface Part extends Layout {
  readonly base: Uint8Array;
  readonly delta: Uint8Array;
  /** Which element of the tensor the base begins with. */
  readonly first: number;
}

interface Layout {
  /** Bytes of an element; 4-bit elements are taken two at a time. */
  readonly size: 1 | 2 | 4 | 8;
  readonly count: number;
  readonly isFloat: boolean;
}

function layoutOf(dtype: ElementType, base: Uint8Array, other: Uint8Array): Layout {
  const size = tensorBytes(dtype, [1]);
  if (size !== 1 && size !== 2 && size !== 4 && size !== 8)
    throw new RangeError(`A ${dtype} tensor has no delta: its elements have no fixed size.`);
  if (base.length !== other.length)
    throw new RangeError(`The base has ${base.length} bytes, and the other side ${other.length}.`);
  if (base.length % size !== 0)
    throw new RangeError(`${base.length} bytes are no whole number of ${dtype} elements.`);
  return { size, count: base.length / size, isFloat: dtype.startsWith("float") };
}

// Floats are sign and magnitude: with the magnitude's bits flipped under a set sign, their integers
// are in the order of their values. Differences wrap around, so every pair of elements has one.

function makeNarrow({ size, count, isFloat }: Layout, base: Uint8Array, next: Uint8Array) {
  const [from, to] = [signedElements(base, size), signedElements(next, size)];
  const shift = 32 - 8 * size;
  const magnitude = isFloat ? 0x7fffffff >>> shift : 0;
  const delta = new Uint8Array(next.length);
  for (let i = 0; i < count; i++) {
    let [p, q] = [from[i] ?? 0, to[i] ?? 0];
    if (p < 0) p ^= magnitude;
    if (q < 0) q ^= magnitude;
    const difference = ((q - p) << shift) >> shift;
    const zigzag = (difference << 1) ^ (difference >> 31);
    for (let k = 0; k < size; k++) delta[k * count + i] = zigzag >>> (8 * k);
  }
  return delta;
}

function applyNarrow({ size, count, isFloat, base, delta, first }: Part) {
  const elements = signedElements(base, size);
  const shift = 32 - 8 * size;
  const magnitude = isFloat ? 0x7fffffff >>> shift : 0;
  for (let i = 0; i < elements.length; i++) {
    let zigzag = 0;
    for (let k = 0; k < size; k++) zigzag |= (delta[k * count + first + i] ?? 0) << (8 * k);
    let p = elements[i] ?? 0;
    if (p < 0) p ^= magnitude;
    const q = ((p + ((zigzag >>> 1) ^ -(zigzag & 1))) << shift) >> shift;
    elements[i] = q < 0 ? q ^ magnitude : q;
  }
  return new Uint8Array(elements.buffer);
}

function makeWide({ count, isFloat }: Layout, base: Uint8Array, next: Uint8Array) {
  const [from, to] = [new BigInt64Array(copy(base)), new BigInt64Array(copy(next))];
  const zigzags = new BigUint64Array(count);
  for (let i = 0; i < count; i++) {
    const [p, q] = [ordered(from[i] ?? 0n, isFloat), ordered(to[i] ?? 0n, isFloat)];
    const difference = BigInt.asIntN(64, q - p);
    zigzags[i] = BigInt.asUintN(64, (difference << 1n) ^ (difference >> 63n));
  }
  const bytes = new Uint8Array(zigzags.buffer);
  const delta = new Uint8Array(next.length);
  for (let i = 0; i < count; i++)
    for (let k = 0; k < 8; k++) delta[k * count + i] = bytes[8 * i + k] ?? 0;
  return delta;
}

function applyWide({ count, isFloat, base, delta, first }: Part) {
  const elements = new BigInt64Array(copy(base));
  const bytes = new Uint8Array(base.length);
  for (let i = 0; i < elements.length; i++)
    for (let k = 0; k < 8; k++) bytes[8 * i + k] = delta[k * count + first + i] ?? 0;
  const zigzags = new BigUint64Array(bytes.buffer);
  for (let i = 0; i < elements.length; i++) {
    const zigzag = zigzags[i] ?? 0n;
    const q = ordered(elements[i] ?? 0n, isFloat) + ((zigzag >> 1n) ^ -(zigzag & 1n));
    elements[i] = ordered(BigInt.asIntN(64, q), isFloat);
  }
  return new Uint8Array(elements.buffer);
}

/** Its own inverse. */
function ordered(bits: bigint, isFloat: boolean): bigint {
  return isFloat && bits < 0n ? bits ^ 0x7fffffffffffffffn : bits;
}

/** A copy: what a caller has may begin at any byte. */
function signedElements(bytes: Uint8Array, size: 1 | 2 | 4 | 8) {
  const buffer = copy(bytes);
  if (size === 1) return new Int8Array(buffer);
  return size === 2 ? new Int16Array(buffer) : new Int32Array(buffer);
}

function copy(bytes: Uint8Array): ArrayBuffer {
  return new Uint8Array(bytes).buffer;
}

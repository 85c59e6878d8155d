import type { FeatureValue } from "./bin-of.ts";
import { elementCount } from "./element-type.ts";
import { fromHalf } from "./from-half.ts";
import { type ImageLook, type ImageView, lookOf } from "./image-measures.ts";
import type { ReferenceFeature } from "./reference.ts";
import { type Ranking, rank } from "./score-measures.ts";
import { alphabetOf, lengthOf } from "./text-measures.ts";

/** A tensor that can be measured: the SDK's, and what the packer's are made into. */
export interface MeasurableTensor {
  /** Of `float16`, a `Uint16Array` holds the bits. */
  readonly type: string;
  readonly dims: readonly number[];
  readonly data: ArrayLike<number | bigint | string>;
}

/** What is measured, and of which part of the tensor. */
type Aspect = Pick<ReferenceFeature, "measure" | "element">;

/**
 * How many values of a feature a tensor has: of an element of the last dimension, and of scores along it,
 * one for each row; of images one each; otherwise one for each element.
 */
export function valueCount({ measure, element }: Aspect, { dims }: MeasurableTensor): number {
  const count = elementCount(dims);
  switch (measure) {
    case "class":
    case "confidence":
    case "entropy":
      return rowCount(dims);
    case "brightness":
    case "contrast":
    case "sharpness":
      return imageLayout(dims) === undefined ? 0 : (dims[0] ?? 0);
    default:
      return element === undefined ? count : rowCount(dims);
  }
}

/**
 * Measures one of a tensor's values; costs no more for a large image than for a small one, and never
 * looks at more than one row of scores.
 *
 * @param index which, below `valueCount`
 * @returns `null` where there is no such value
 */
export function measure(aspect: Aspect, tensor: MeasurableTensor, index: number): FeatureValue {
  return measurerOf(tensor)(aspect, index);
}

/** Measures values of one tensor: what several aspects of one value need is looked at once. */
export function measurerOf(
  tensor: MeasurableTensor,
): (aspect: Aspect, index: number) => FeatureValue {
  const { dims, data } = tensor;
  const rankings = new Map<number, Ranking | undefined>();
  const looks = new Map<number, ImageLook | undefined>();
  return ({ measure: what, element }, index) => {
    switch (what) {
      case "class":
        return once(rankings, index, () => ranked(tensor, index))?.top ?? null;
      case "confidence":
      case "entropy":
        return once(rankings, index, () => ranked(tensor, index))?.[what] ?? null;
      case "brightness":
      case "contrast":
      case "sharpness":
        return once(looks, index, () => look(tensor, index))?.[what] ?? null;
      case "length":
        return lengthOf(String(data[index] ?? ""));
      case "alphabet":
        return alphabetOf(String(data[index] ?? ""));
      default:
        return elementAt(tensor, element === undefined ? index : indexOf(dims, index, element));
    }
  };
}

function once<T>(known: Map<number, T>, index: number, make: () => T): T | undefined {
  if (!known.has(index)) known.set(index, make());
  return known.get(index);
}

/**
 * Which dimensions of `[N, C, H, W]` or `[N, H, W, C]` are what: channels are 1, 3 or 4, and sides 8 or
 * more.
 *
 * @returns `undefined` where dims are none of images
 */
export function imageLayout(
  dims: readonly number[],
): "channels-first" | "channels-last" | undefined {
  const [, a = 0, b = 0, c = 0, ...more] = dims;
  if (dims.length !== 4 || more.length > 0) return undefined;
  if (isChannels(a) && isSide(b) && isSide(c)) return "channels-first";
  return isSide(a) && isSide(b) && isChannels(c) ? "channels-last" : undefined;
}

function isChannels(dim: number): boolean {
  return dim === 1 || dim === 3 || dim === 4;
}

function isSide(dim: number): boolean {
  return dim >= 8;
}

/** Everything along the last dimension is a row. */
function rowCount(dims: readonly number[]): number {
  return dims.length === 0 ? 1 : elementCount(dims.slice(0, -1));
}

function indexOf(dims: readonly number[], row: number, element: number): number {
  const length = dims.at(-1) ?? 1;
  return element < length ? row * length + element : -1;
}

function elementAt({ type, data }: MeasurableTensor, index: number): FeatureValue {
  const value = data[index];
  if (value === undefined) return null;
  return type === "float16" && data instanceof Uint16Array ? fromHalf(Number(value)) : value;
}

function numberAt(tensor: MeasurableTensor, index: number): number {
  const value = elementAt(tensor, index);
  return value === null ? Number.NaN : Number(value);
}

function ranked(tensor: MeasurableTensor, row: number): Ranking | undefined {
  const length = tensor.dims.at(-1) ?? 1;
  const start = row * length;
  const { data } = tensor;
  // A view costs nothing, and a page has thousands of classes to look through before it answers.
  if (data instanceof Float32Array) return rank(data.subarray(start, start + length));
  return rank(Array.from({ length }, (_, i) => numberAt(tensor, start + i)));
}

function look(tensor: MeasurableTensor, image: number): ImageLook | undefined {
  const view = viewOf(tensor, image);
  return view && lookOf(view);
}

function viewOf(tensor: MeasurableTensor, image: number): ImageView | undefined {
  const layout = imageLayout(tensor.dims);
  const [, a = 0, b = 0, c = 0] = tensor.dims;
  const start = image * a * b * c;
  const read = readerOf(tensor);
  if (layout === undefined) return undefined;
  if (layout === "channels-first")
    return {
      width: c,
      height: b,
      channels: a,
      at: (x, y, channel) => read(start + (channel * b + y) * c + x),
    };
  return {
    width: b,
    height: a,
    channels: c,
    at: (x, y, channel) => read(start + (y * b + x) * c + channel),
  };
}

/** Images are read thousands of times: those of floats and bytes without a detour. */
function readerOf(tensor: MeasurableTensor): (index: number) => number {
  const { data } = tensor;
  if (data instanceof Float32Array || data instanceof Uint8Array)
    return (index) => data[index] ?? Number.NaN;
  return (index) => numberAt(tensor, index);
}

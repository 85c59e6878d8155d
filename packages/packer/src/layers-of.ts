import type { Dtype, Manifest, Variant } from "@selvedge/protocol";

/** A part of a model and what its weights weigh, in each precision. */
export interface Layer {
  /** What the names of its tensors begin with. */
  readonly name: string;
  /** By precision; those it has no large tensor in are absent. Equal tensors count once. */
  readonly bytes: Readonly<Partial<Record<Dtype, number>>>;
}

/** What quantizing adds to a weight's name, such as `/u8` and `/s`. */
const QUANTIZED = /\/[a-z][a-z0-9]{0,3}$/;

/**
 * The layers of a model, the largest of the first variant first: tensors belong together whose names
 * differ only behind the last `.` or `/`.
 */
export function layersOf({ variants }: Pick<Manifest, "variants">): Layer[] {
  const layers = new Map<string, Partial<Record<Dtype, number>>>();
  const dtypes = new Set(variants.map(({ dtype }) => dtype));
  // A precision may have several graphs, which share their weights.
  for (const dtype of dtypes)
    for (const { name, bytes } of eachOnce(
      variants.filter((variant) => variant.dtype === dtype).flatMap(({ tensors }) => tensors),
    )) {
      const layer = layerOf(name);
      const sizes = layers.get(layer) ?? {};
      layers.set(layer, { ...sizes, [dtype]: (sizes[dtype] ?? 0) + bytes });
    }
  const sizeOf = ({ bytes }: Layer): number =>
    [...dtypes].map((dtype) => bytes[dtype]).find((size) => size !== undefined) ?? 0;
  return [...layers]
    .map(([name, bytes]) => ({ name, bytes }))
    .sort((a, b) => sizeOf(b) - sizeOf(a) || (a.name < b.name ? -1 : 1));
}

function layerOf(tensor: string): string {
  const name = tensor.replace(QUANTIZED, "");
  const end = Math.max(name.lastIndexOf("."), name.lastIndexOf("/"));
  return end > 0 ? name.slice(0, end) : name;
}

function eachOnce(tensors: Variant["tensors"]): Variant["tensors"] {
  const seen = new Set<string>();
  return tensors.filter(({ sha256 }) => !seen.has(sha256) && seen.add(sha256));
}

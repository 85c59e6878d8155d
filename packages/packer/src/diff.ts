import {
  type Base,
  type BlobRef,
  blobsOf,
  chooseDeltas,
  type DeltaBlob,
  type Dtype,
  deltaBlobs,
  imageFilesOf,
  type Manifest,
  SelvedgeError,
  type Variant,
} from "@selvedge/protocol";
import { ModelFolder, type StoredManifest } from "./registry/registry.ts";

/** Two versions of a model. */
export interface DiffOptions {
  readonly name: string;
  /** The version a device holds. */
  readonly from: string;
  /** The version it is to hold. */
  readonly to: string;
  readonly registry: string;
  /**
   * The precision it runs both in.
   *
   * @default of each version the first that runs on WASM
   */
  readonly dtype?: Dtype | undefined;
}

/** A part of the new version, and what a device fetches for it. */
export interface DiffItem {
  readonly part: "manifest" | "graph" | "tensor" | "attachment" | "golden";
  readonly name: string;
  /** What a device that holds nothing fetches for it. */
  readonly bytes: number;
  /** What a device that holds the old version fetches for it. */
  readonly fetched: number;
  /** `shared`: the device holds it; `delta`: it holds what the delta starts from. */
  readonly how: "shared" | "delta" | "new";
  /** Why no less is fetched. */
  readonly why: string;
}

/** What an update costs. */
export interface DiffResult {
  readonly name: string;
  readonly from: string;
  readonly to: string;
  readonly dtype: Dtype;
  readonly items: readonly DiffItem[];
  /** Bytes a device fetches: the manifest and what lies in segments. */
  readonly fetched: number;
  /** The same for a device that holds nothing. */
  readonly full: number;
  /**
   * The files of the new version's images, which no update fetches: a device that holds nothing may fetch
   * them in place of graph and tensors, and wake. Files that the old version has too may be there already.
   */
  readonly images: readonly {
    readonly runtime: string;
    readonly bytes: number;
    readonly shared: number;
  }[];
}

/**
 * Says to the byte what a device that holds one version of a model fetches for another, by the rule
 * that the SDK plans by. The channel document is not counted: devices read it in any case.
 *
 * @throws SelvedgeError `not-found`, `manifest-invalid` or `options-invalid`.
 */
export async function diff({ name, from, to, registry, dtype }: DiffOptions): Promise<DiffResult> {
  const folder = new ModelFolder(registry, name);
  const [before, after] = [await folder.manifest(from), await folder.manifest(to)];
  const had = variantOf(before.manifest, dtype);
  const wanted = variantOf(after.manifest, dtype);
  const held = new Set(
    blobsOf({ ...before.manifest, variants: [had] }).map(({ sha256 }) => sha256),
  );
  const deltas = chooseDeltas(deltaBlobs({ ...after.manifest, variants: [wanted] }), {
    missingBytes: ({ sha256, bytes }: BlobRef) => (held.has(sha256) ? 0 : bytes),
    isHeld: ({ sha256 }: Base) => held.has(sha256),
  });
  const items = [
    manifestItem(before, after),
    ...contentItems(after.manifest, { wanted, had, held, deltas }),
  ];
  return {
    name,
    from,
    to,
    dtype: wanted.dtype,
    items,
    fetched: items.reduce((sum, item) => sum + item.fetched, 0),
    full: items.reduce((sum, item) => sum + item.bytes, 0),
    images: imagesOf(wanted, new Set(imageFilesOf(before.manifest).map(({ sha256 }) => sha256))),
  };
}

function imagesOf({ images = [] }: Variant, had: ReadonlySet<string>): DiffResult["images"] {
  return images.map(({ runtime, bare, difference }) => {
    const files = [bare, difference];
    const sum = (some: typeof files) => some.reduce((total, { bytes }) => total + bytes, 0);
    return {
      runtime: runtime.version,
      bytes: sum(files),
      shared: sum(files.filter(({ sha256 }) => had.has(sha256))),
    };
  });
}

function manifestItem(before: StoredManifest, after: StoredManifest): DiffItem {
  const bytes = after.bytes.length;
  const part = { part: "manifest", name: after.manifest.version, bytes } as const;
  return before.digest === after.digest
    ? { ...part, fetched: 0, how: "shared", why: "the same version" }
    : { ...part, fetched: bytes, how: "new", why: "every version has its own" };
}

/** Each blob once, under the first name it has. */
function contentItems(
  { attachments, golden }: Manifest,
  {
    wanted,
    had,
    held,
    deltas,
  }: {
    wanted: Variant;
    had: Variant;
    held: ReadonlySet<string>;
    deltas: readonly DeltaBlob[];
  },
): DiffItem[] {
  const named = [
    { part: "graph" as const, name: wanted.dtype, blob: wanted.graph },
    ...wanted.tensors.map((blob) => ({ part: "tensor" as const, name: blob.name, blob })),
    ...attachments.map((blob) => ({ part: "attachment" as const, name: blob.name, blob })),
    ...golden.cases.flatMap(({ inputs, outputs }, index) =>
      [...inputs, ...outputs].map((blob) => ({
        part: "golden" as const,
        name: `${blob.name} of case ${index}`,
        blob,
      })),
    ),
  ];
  const counted = new Set<string>();
  return named.flatMap(({ part, name, blob }): DiffItem[] => {
    const { sha256, bytes } = blob;
    if (counted.has(sha256)) return [];
    counted.add(sha256);
    const item = { part, name, bytes };
    if (held.has(sha256))
      return [{ ...item, fetched: 0, how: "shared", why: "the same bytes are held" }];
    const chosen = deltas.find((blob) => blob.sha256 === sha256)?.delta;
    if (chosen !== undefined)
      return [{ ...item, fetched: chosen.bytes, how: "delta", why: "what it starts from is held" }];
    const why = part === "tensor" ? whyNew(name, { wanted, had }) : "other bytes than before";
    return [{ ...item, fetched: bytes, how: "new", why }];
  });
}

function whyNew(name: string, { wanted, had }: { wanted: Variant; had: Variant }): string {
  const named = (tensor: { readonly name: string }): boolean => tensor.name === name;
  const [after, before] = [wanted.tensors.find(named), had.tensors.find(named)];
  if (before === undefined) return "no tensor had this name";
  const shape = ({ dtype, dims }: Variant["tensors"][number]): string =>
    `${dtype}[${dims.join(", ")}]`;
  if (after === undefined || shape(after) !== shape(before)) return `it was ${shape(before)}`;
  return after.delta === undefined
    ? "it changed, and has no delta"
    : "it changed, and its delta starts from what another version holds";
}

function needsLess(a: Variant, b: Variant): boolean {
  return a.requires.length < b.requires.length;
}

function variantOf({ name, version, variants }: Manifest, dtype: Dtype | undefined): Variant {
  const variant = variants.find(
    (each) =>
      // Of two variants in one precision the one that runs anywhere.
      (dtype === undefined ? each.backends.includes("wasm") : each.dtype === dtype) &&
      !variants.some((other) => other.dtype === each.dtype && needsLess(other, each)),
  );
  if (variant !== undefined) return variant;
  const packed = variants.map((each) => each.dtype).join(", ");
  throw new SelvedgeError(
    "options-invalid",
    `${name}@${version} has no variant ${dtype === undefined ? "for WASM" : `in ${dtype}`}. It is packed as ${packed}; name one of these.`,
  );
}

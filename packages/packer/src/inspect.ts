import { blobsOf, type Dtype, type Manifest, type Variant } from "@selvedge/protocol";
import { type Layer, layersOf } from "./layers-of.ts";
import { ModelFolder } from "./registry/registry.ts";
import { blobsOfVersions } from "./registry/stored-blobs.ts";

/** Which pack to look at. */
export interface InspectOptions {
  readonly name: string;
  /**
   * @default the version that `stable` serves, or the only one there is
   */
  readonly version?: string | undefined;
  readonly registry: string;
}

/** What a registry says about a pack. */
export interface InspectResult {
  readonly manifest: Manifest;
  /** SHA-256 of the manifest: the pack's id. */
  readonly digest: string;
  /** Size of the manifest. */
  readonly manifestBytes: number;
  /** What a device that holds nothing keeps of it, in all precisions, and how much of that other versions hold too. */
  readonly content: { readonly bytes: number; readonly shared: number };
  /** The other versions that hold some of it too, and how much. */
  readonly sharedWith: readonly { readonly version: string; readonly bytes: number }[];
  /** What each precision shares with the others of this version, and what its deltas save. */
  readonly sharing: readonly VariantSharing[];
  /** What its weights weigh, layer by layer. */
  readonly layers: readonly Layer[];
  /** What a first visit fetches of it where it wakes an image, by precision and runtime. */
  readonly images: readonly InspectedImage[];
  /** The channels that serve this version. */
  readonly channels: readonly string[];
}

/** How a precision relates to what devices may hold already. */
export interface VariantSharing {
  readonly dtype: Dtype;
  /** What tells it from others of its precision: the device features it needs. */
  readonly requires: readonly string[];
  /** Its graph and weights, equal ones once. */
  readonly bytes: number;
  /** How much of that other variants of this version have too. */
  readonly shared: number;
  /** Blobs with a delta: how many, what the deltas take, and what they stand in for. */
  readonly deltas: { readonly count: number; readonly bytes: number; readonly insteadOf: number };
}

/** An image that a pack ships. */
export interface InspectedImage {
  readonly dtype: Dtype;
  /** The version of onnxruntime-web that it wakes in. */
  readonly runtime: string;
  readonly architecture: string;
  /** The runtime's own image, which a device fetches once for all models. */
  readonly bareBytes: number;
  /** What makes the model's image of it. */
  readonly differenceBytes: number;
}

/**
 * Reads what a pack holds. Nothing is checked against its digests: that is what `verify` does.
 *
 * @throws SelvedgeError `not-found`, `manifest-invalid`, `channel-invalid` or `options-invalid`.
 */
export async function inspect({ name, version, registry }: InspectOptions): Promise<InspectResult> {
  const folder = new ModelFolder(registry, name);
  const { manifest, digest, bytes } = await folder.manifest(
    version ?? (await folder.defaultVersion()),
  );
  const document = await folder.channels();
  const channels = Object.entries(document?.channels ?? {}).flatMap(([channel, entries]) =>
    entries.some((entry) => entry.version === manifest.version) ? [channel] : [],
  );
  const others = (await folder.versions()).filter((other) => other !== manifest.version);
  const content = { bytes: 0, shared: 0 };
  const blobs = blobsOf(manifest);
  const elsewhere = new Set<string>();
  const sharedWith: { version: string; bytes: number }[] = [];
  for (const other of others) {
    const held = await blobsOfVersions(folder, [other]);
    const common = blobs.filter(({ sha256 }) => held.has(sha256));
    for (const { sha256 } of common) elsewhere.add(sha256);
    if (common.length > 0) sharedWith.push({ version: other, bytes: sum(common) });
  }
  for (const blob of blobs) {
    content.bytes += blob.bytes;
    if (elsewhere.has(blob.sha256)) content.shared += blob.bytes;
  }
  return {
    manifest,
    digest,
    manifestBytes: bytes.length,
    content,
    sharedWith,
    sharing: manifest.variants.map((variant) => sharingOf(variant, manifest)),
    layers: layersOf(manifest),
    images: manifest.variants.flatMap(imagesOf),
    channels,
  };
}

function imagesOf({ dtype, images = [] }: Variant): InspectedImage[] {
  return images.map(({ runtime, madeOn, bare, difference }) => ({
    dtype,
    runtime: runtime.version,
    architecture: madeOn.architecture,
    bareBytes: bare.bytes,
    differenceBytes: difference.bytes,
  }));
}

function sharingOf(variant: Variant, { variants }: Manifest): VariantSharing {
  const mine = partsOf(variant);
  const others = new Map(
    variants.filter((other) => other !== variant).flatMap((other) => [...partsOf(other)]),
  );
  const deltas = [...mine.values()].flatMap(({ bytes, delta }) =>
    delta === undefined ? [] : [{ bytes: delta.bytes, insteadOf: bytes }],
  );
  return {
    dtype: variant.dtype,
    requires: variant.requires,
    bytes: sum([...mine.values()]),
    shared: sum([...mine.values()].filter(({ sha256 }) => others.has(sha256))),
    deltas: {
      count: deltas.length,
      bytes: sum(deltas),
      insteadOf: deltas.reduce((total, { insteadOf }) => total + insteadOf, 0),
    },
  };
}

function partsOf({ graph, tensors }: Variant): Map<string, Variant["graph"]> {
  return new Map([graph, ...tensors].map((part) => [part.sha256, part]));
}

function sum(blobs: readonly { readonly bytes: number }[]): number {
  return blobs.reduce((total, { bytes }) => total + bytes, 0);
}

import {
  MANIFEST_FORMAT,
  type Manifest,
  type Provenance,
  parseWholeManifest,
  type Reference,
  type ReleaseTests,
  SelvedgeError,
  type ShippedImage,
  sha256,
  type TensorRef,
  type Variant,
} from "@selvedge/protocol";
import type { GoldenSet } from "./golden/golden.ts";
import { roundAnswers } from "./golden/round-answers.ts";
import type { PackedImage } from "./images/packed-image.ts";
import type { NamedTensor } from "./named-tensor.ts";
import { type DeclaredSignature, observedSignature } from "./onnx/signature.ts";
import { packerVersion } from "./packer-version.ts";
import type { PackedVariant } from "./quantize/make-variant.ts";
import type { BaseVersion } from "./registry/base-version.ts";
import { type LaidSegment, SegmentLayout } from "./registry/segment-layout.ts";
import type { StoredBlobs } from "./registry/stored-blobs.ts";
import { type DeltaSource, withDelta } from "./registry/with-delta.ts";
import { runtimeVersions } from "./runtime/open-session.ts";

/** A manifest larger than this is refused: no device should have to hold it. */
const MANIFEST_LIMIT = 1024 * 1024;

/** A file that travels with a model. */
export interface Attachment {
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** What a pack is made of. */
export interface PackParts {
  readonly name: string;
  readonly version: string;
  readonly license: string;
  /** Which tools made the pack is added. */
  readonly provenance: Omit<Provenance, "tools">;
  readonly declared: DeclaredSignature;
  /** In the order a device takes the first that it can run. */
  readonly variants: readonly PackedVariant[];
  /** What they had to pass. */
  readonly tests?: ReleaseTests;
  /** What its inputs and outputs were like. */
  readonly reference?: Reference;
  readonly attachments: readonly Attachment[];
  readonly golden: GoldenSet;
  /** What need not be stored again. */
  readonly stored: StoredBlobs;
  /** What deltas start from. */
  readonly base?: BaseVersion | undefined;
}

/** A pack as it will stand in a registry. */
export interface AssembledPack {
  readonly manifest: Manifest;
  readonly manifestBytes: Uint8Array<ArrayBuffer>;
  /** SHA-256 of the manifest: the pack's id. */
  readonly digest: string;
  /** As the manifest lists them. */
  readonly segments: readonly LaidSegment[];
}

/**
 * Puts a pack together. Holds nothing but what it is given: no time, no path, no machine.
 *
 * @throws SelvedgeError `model-unsupported` when the manifest would be too large.
 */
export async function assemblePack(parts: PackParts): Promise<AssembledPack> {
  const { name, version, license, golden } = parts;
  // Graph and weights come first: a host without ranges, or a download cut short, serves these soonest.
  const layout = new SegmentLayout(parts.stored);
  const from: DeltaSource = { layout, base: parts.base };
  const variants: Manifest["variants"][number][] = [];
  for (const variant of parts.variants) variants.push(await addVariant(from, variant));
  const attachments: Manifest["attachments"][number][] = [];
  for (const attachment of parts.attachments)
    attachments.push({ name: attachment.name, ...(await layout.add(attachment.bytes)) });
  const cases = await addGolden(from, parts);
  // Last: devices that have a use for them fetch nothing else.
  const withImages: Manifest["variants"][number][] = [];
  for (const [index, variant] of variants.entries())
    withImages.push({ ...variant, ...(await addImages(layout, parts.variants[index]?.images)) });
  const segments = await layout.finish();

  const manifest: Manifest = {
    format: MANIFEST_FORMAT,
    name,
    version,
    license,
    provenance: {
      ...parts.provenance,
      tools: {
        "@selvedge/packer": await packerVersion(),
        ...(await runtimeVersions(parts.variants.map(({ engine }) => engine))),
      },
    },
    signature: observedSignature(parts.declared, golden.cases),
    segments: segments.map(({ sha256: segmentDigest, bytes }) => ({
      sha256: segmentDigest,
      bytes,
    })),
    golden: { tolerance: golden.tolerance, cases, spread: golden.spread },
    attachments,
    ...(parts.reference === undefined ? {} : { reference: parts.reference }),
    ...(parts.tests === undefined ? {} : { tests: parts.tests }),
    variants: withImages,
  };
  const text = JSON.stringify(manifest);
  const manifestBytes = new TextEncoder().encode(text);
  if (manifestBytes.length > MANIFEST_LIMIT)
    throw new SelvedgeError(
      "model-unsupported",
      `The manifest of ${name}@${version} would take ${manifestBytes.length} bytes, and ${MANIFEST_LIMIT} is the limit: its variants have ${variants.reduce((sum, { tensors }) => sum + tensors.length, 0)} large tensors. Export it with fewer, larger ones.`,
    );
  return {
    manifest: parseWholeManifest(text, `manifest of ${name}@${version}`),
    manifestBytes,
    digest: await sha256(manifestBytes),
    segments,
  };
}

/** Adds what travels, each case for those variants that are held to it. */
async function addGolden(
  from: DeltaSource,
  { golden, variants }: PackParts,
): Promise<Manifest["golden"]["cases"]> {
  const packed = [...new Set(variants.map(({ dtype }) => dtype))];
  const cases: Manifest["golden"]["cases"][number][] = [];
  const tolerances = { ...golden.tolerance, ...golden.own };
  for (const item of golden.cases) {
    if (item.role === "probe") continue;
    const excused = variants.filter((variant) => variant.excused?.includes(item));
    const dtypes = packed.filter((name) => excused.every(({ dtype }) => dtype !== name));
    if (dtypes.length === 0) continue;
    const older = from.base?.golden(cases.length);
    const inputs = await addTensors(from, item.inputs, older?.inputs);
    const rounded = roundAnswers(item.outputs, tolerances);
    const outputs = await addTensors(from, rounded, older?.outputs);
    cases.push({
      inputs,
      outputs: outputs.map((output, index) => {
        const { scale } = item.outputs[index] ?? {};
        return scale === undefined ? output : { ...output, scale };
      }),
      ...(excused.length === 0 ? {} : { dtypes }),
    });
  }
  return cases;
}

async function addVariant(
  from: DeltaSource,
  variant: PackedVariant,
): Promise<Manifest["variants"][number]> {
  const { dtype, engine, backends, requires, memoryBytes, split, error, metrics, tolerance, kept } =
    variant;
  const older = from.base?.variant(dtype, requires);
  const graph = await withDelta(await from.layout.add(split.graph), {
    ...from,
    before: older?.graph,
    dtype: "uint8",
    bytes: split.graph,
  });
  return {
    dtype,
    engine,
    backends,
    requires,
    memoryBytes,
    graph,
    tensors: await addTensors(from, split.tensors, older?.tensors),
    ...(error === undefined ? {} : { error }),
    ...(metrics === undefined ? {} : { metrics }),
    ...(kept === undefined ? {} : { kept }),
    ...(tolerance === undefined ? {} : { tolerance }),
  };
}

/** Adds images; nothing where there are none. */
async function addImages(
  layout: SegmentLayout,
  images: readonly PackedImage[] = [],
): Promise<Pick<Variant, "images">> {
  const refs: ShippedImage[] = [];
  for (const { bare, difference, ...image } of images)
    refs.push({
      ...image,
      bare: { ...(await layout.add(bare.packed, "bare-image")), unpackedBytes: bare.bytes },
      difference: {
        ...(await layout.add(difference.packed, "images")),
        unpackedBytes: difference.bytes,
      },
    });
  return refs.length === 0 ? {} : { images: refs };
}

/** Adds tensors, with deltas from those of the same name, type and dimensions among older ones. */
async function addTensors(
  from: DeltaSource,
  tensors: readonly NamedTensor[],
  older: readonly TensorRef[] = [],
): Promise<TensorRef[]> {
  const refs: TensorRef[] = [];
  for (const tensor of tensors) {
    // Once: they may come from a file each time.
    const { name, dtype, dims, bytes } = tensor;
    const before = older.find(
      (other) =>
        dtype !== "string" &&
        other.name === name &&
        other.dtype === dtype &&
        other.dims.join() === dims.join(),
    );
    const blob = await from.layout.add(bytes, "content", () => tensor.bytes);
    const ref = { name, dtype, dims, ...blob };
    refs.push(await withDelta(ref, { ...from, before, dtype, bytes }));
  }
  return refs;
}

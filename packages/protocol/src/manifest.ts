import { ELEMENT_TYPES, type ElementType, tensorBytes } from "./element-type.ts";
import { Field } from "./field.ts";
import { pieceCount } from "./pieces.ts";
import { isModelName, isVersion } from "./registry-layout.ts";
import { SelvedgeError } from "./selvedge-error.ts";

/** The manifest format this code reads and writes. */
export const MANIFEST_FORMAT = "selvedge.pack/1";

/** The precisions a model can be packed in. The names are the ones transformers.js made familiar. */
export type Dtype = "fp32" | "fp16" | "q8" | "q8-storage" | "q4" | "q4f16";

/** Every dtype, from the most precise. */
export const DTYPES: readonly Dtype[] = ["fp32", "fp16", "q8", "q8-storage", "q4", "q4f16"];

/** Where bytes lie: an index into `manifest.segments`, and a range of that file. */
export interface Location {
  readonly segment: number;
  readonly offset: number;
  readonly length: number;
}

/** Content-addressed bytes in a segment. */
export interface BlobRef {
  readonly bytes: number;
  readonly sha256: string;
  readonly at: Location;
  /** SHA-256 of each 1 MiB piece; absent where the blob is one piece, whose digest is `sha256`. */
  readonly chunks?: readonly string[];
}

/** Content-addressed bytes that are a tensor, little-endian and row-major. */
export interface TensorRef extends BlobRef {
  readonly name: string;
  readonly dtype: ElementType;
  readonly dims: readonly number[];
}

/** A file that travels with the pack, such as its labels. */
export interface AttachmentRef extends BlobRef {
  readonly name: string;
}

/** A model's input or output; −1 stands for a dimension that is free. */
export interface ValueInfo {
  readonly name: string;
  readonly dtype: ElementType;
  readonly dims: readonly number[];
}

/** `|answer − golden| ≤ absolute + relative · |golden|`, element by element. */
export interface Tolerance {
  readonly absolute: number;
  readonly relative: number;
}

/** Inputs with the answers a device must reproduce before it trusts a backend. */
export interface GoldenCase {
  readonly inputs: readonly TensorRef[];
  readonly outputs: readonly TensorRef[];
}

/** One precision of a model. */
export interface Variant {
  readonly dtype: Dtype;
  /** The kind of engine that runs it, such as `onnx`. */
  readonly engine: string;
  /** Where it may run, such as `wasm` and `webgpu`. */
  readonly backends: readonly string[];
  /** Device features it cannot run without, such as `shader-f16`. */
  readonly requires: readonly string[];
  /** An estimate of what a session of it occupies, weights included. */
  readonly memoryBytes: number;
  /** The model without its larger tensors. */
  readonly graph: BlobRef;
  readonly tensors: readonly TensorRef[];
}

/** Everything a device needs to know about one version of a model. */
export interface Manifest {
  readonly format: typeof MANIFEST_FORMAT;
  readonly name: string;
  readonly version: string;
  /** An SPDX expression, or `unknown`. */
  readonly license: string;
  readonly provenance: {
    readonly source: { readonly file: string; readonly bytes: number; readonly sha256: string };
    readonly tools: Readonly<Record<string, string>>;
  };
  readonly signature: {
    readonly inputs: readonly ValueInfo[];
    readonly outputs: readonly ValueInfo[];
  };
  readonly segments: readonly { readonly sha256: string; readonly bytes: number }[];
  readonly golden: {
    /** By backend. */
    readonly tolerance: Readonly<Record<string, Tolerance>>;
    readonly cases: readonly GoldenCase[];
  };
  readonly attachments: readonly AttachmentRef[];
  readonly variants: readonly Variant[];
}

/**
 * Reads a manifest and checks everything that can be checked without the bytes it speaks of. Fields
 * it does not know are ignored.
 *
 * @throws SelvedgeError `manifest-invalid`, naming the field, or `manifest-unsupported` for a format
 * this code is too old for.
 */
export function parseManifest(text: string, document = "manifest"): Manifest {
  const root = Field.fromJson(text, document, "manifest-invalid");
  const format = root.at("format").string();
  if (format !== MANIFEST_FORMAT) {
    if (!/^selvedge\.pack\/\d+$/.test(format)) root.at("format").fail(`"${MANIFEST_FORMAT}"`);
    throw new SelvedgeError(
      "manifest-unsupported",
      `${document}: written as ${format}, but this version of Selvedge reads ${MANIFEST_FORMAT}. Update Selvedge, or pack the model again with a matching version.`,
      { detail: { format } },
    );
  }
  const segments = root
    .at("segments")
    .items()
    .map((segment) => ({
      sha256: segment.at("sha256").sha256(),
      bytes: segment.at("bytes").integer({ min: 0 }),
    }));
  const source = root.at("provenance").at("source");
  const golden = root.at("golden");
  const variants = root.at("variants").items();
  if (variants.length === 0) root.at("variants").fail("at least one variant");
  return {
    format: MANIFEST_FORMAT,
    name: root.at("name").stringThat(isModelName, "a model name"),
    version: root.at("version").stringThat(isVersion, "a version"),
    license: root.at("license").string(),
    provenance: {
      source: {
        file: source.at("file").string(),
        bytes: source.at("bytes").integer({ min: 0 }),
        sha256: source.at("sha256").sha256(),
      },
      tools: record(root.at("provenance").at("tools"), (tool) => tool.string()),
    },
    signature: {
      inputs: root.at("signature").at("inputs").items().map(valueInfo),
      outputs: root.at("signature").at("outputs").items().map(valueInfo),
    },
    segments,
    golden: {
      tolerance: record(golden.at("tolerance"), (tolerance) => ({
        absolute: nonNegative(tolerance.at("absolute")),
        relative: nonNegative(tolerance.at("relative")),
      })),
      cases: golden
        .at("cases")
        .items()
        .map((goldenCase) => ({
          inputs: tensorRefs(goldenCase.at("inputs"), segments),
          outputs: tensorRefs(goldenCase.at("outputs"), segments),
        })),
    },
    attachments: root
      .at("attachments")
      .items()
      .map((attachment) => ({
        name: attachment.at("name").stringThat(isFileName, "a file name without folders"),
        ...blobRef(attachment, segments),
      })),
    variants: variants.map((variant) => ({
      dtype: variant.at("dtype").oneOf(DTYPES),
      engine: variant.at("engine").string(),
      backends: variant
        .at("backends")
        .items()
        .map((backend) => backend.string()),
      requires: variant
        .at("requires")
        .items()
        .map((feature) => feature.string()),
      memoryBytes: variant.at("memoryBytes").integer({ min: 0 }),
      graph: blobRef(variant.at("graph"), segments),
      tensors: tensorRefs(variant.at("tensors"), segments),
    })),
  };
}

/** Whether a file that travels with a pack may be called this. */
export function isFileName(name: string): boolean {
  return /^[\w][\w .+-]{0,127}$/.test(name);
}

/** Every blob of a pack, each digest once: graphs and weights first, then attachments, then golden. */
export function blobsOf(manifest: Manifest): BlobRef[] {
  const blobs = [
    ...manifest.variants.flatMap((variant) => [variant.graph, ...variant.tensors]),
    ...manifest.attachments,
    ...manifest.golden.cases.flatMap((golden) => [...golden.inputs, ...golden.outputs]),
  ];
  return [...new Map(blobs.map((blob) => [blob.sha256, blob])).values()];
}

/** The digest of each piece of a blob, in order. */
export function pieceDigests(blob: BlobRef): readonly string[] {
  return blob.chunks ?? [blob.sha256];
}

function valueInfo(field: Field): ValueInfo {
  return {
    name: field.at("name").string(),
    dtype: field.at("dtype").oneOf(ELEMENT_TYPES),
    dims: field
      .at("dims")
      .items()
      .map((dim) => dim.integer({ min: -1 })),
  };
}

function blobRef(field: Field, segments: Manifest["segments"]): BlobRef {
  const bytes = field.at("bytes").integer({ min: 0 });
  const at = field.at("at");
  const location: Location = {
    segment: at.at("segment").integer({ min: 0, max: segments.length - 1 }),
    offset: at.at("offset").integer({ min: 0 }),
    length: at.at("length").integer({ min: bytes, max: bytes }),
  };
  const segmentBytes = segments[location.segment]?.bytes ?? 0;
  if (location.offset + location.length > segmentBytes)
    at.fail(`a range within the segment's ${segmentBytes} bytes`);
  const ref = { bytes, sha256: field.at("sha256").sha256(), at: location };
  const chunks = field.at("chunks").optional((list) => list.items().map((chunk) => chunk.sha256()));
  if ((chunks?.length ?? 1) !== pieceCount(bytes))
    field.at("chunks").fail(`${pieceCount(bytes)} digests, one for each MiB`);
  return chunks === undefined ? ref : { ...ref, chunks };
}

function tensorRefs(field: Field, segments: Manifest["segments"]): TensorRef[] {
  return field.items().map((tensor) => {
    const ref: TensorRef = {
      name: tensor.at("name").string(),
      dtype: tensor.at("dtype").oneOf(ELEMENT_TYPES),
      dims: tensor
        .at("dims")
        .items()
        .map((dim) => dim.integer({ min: 0 })),
      ...blobRef(tensor, segments),
    };
    const bytes = tensorBytes(ref.dtype, ref.dims);
    if (bytes === undefined) tensor.at("dtype").fail("a type of fixed size");
    if (bytes !== ref.bytes)
      tensor.at("bytes").fail(`${bytes}, as ${ref.dtype}[${ref.dims.join(", ")}] takes`);
    return ref;
  });
}

function record<T>(field: Field, read: (field: Field) => T): Record<string, T> {
  return Object.fromEntries(field.entries().map(([key, value]) => [key, read(value)]));
}

function nonNegative(field: Field): number {
  const value = field.number();
  return value >= 0 ? value : field.fail("a number of at least 0");
}

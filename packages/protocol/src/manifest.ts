import type { ElementType } from "./element-type.ts";
import type { Reference } from "./reference.ts";
import type { DELTA_CODEC } from "./tensor-delta.ts";

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
  /** The shorter way to it for a device that holds the base. */
  readonly delta?: TensorDelta;
}

/** The compressed difference between a blob and another one of the same size and element type. */
export interface TensorDelta extends BlobRef {
  /** SHA-256 of the base's bytes. */
  readonly base: string;
  readonly codec: typeof DELTA_CODEC;
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

/** An answer to golden inputs. */
export interface GoldenOutput extends TensorRef {
  /**
   * What the absolute part of a tolerance is multiplied by for this answer: outputs, and answers to
   * one output, may be of very different sizes.
   *
   * @default 1
   */
  readonly scale?: number;
}

/** Inputs with the answers a device must reproduce before it trusts a backend. */
export interface GoldenCase {
  readonly inputs: readonly TensorRef[];
  readonly outputs: readonly GoldenOutput[];
  /**
   * The precisions that are held to it: on extreme inputs, a coarse one may rightly answer otherwise.
   *
   * @default all of them
   */
  readonly dtypes?: readonly Dtype[];
}

/** How far a variant's answers are from those of fp32, over the golden inputs. */
export interface QuantizationError {
  /** Signal-to-noise ratio of the worst output, in decibels; 150 stands for no error at all. */
  readonly snrDb: number;
  /** The largest difference of any element of any output. */
  readonly maxDifference: number;
}

/** A file of cases that a model was tested by before it was released: its digest, never its content. */
export interface TestFile {
  readonly bytes: number;
  readonly sha256: string;
  readonly cases: number;
}

/** A metric that every variant was measured by, and what it may not fall short of, if anything. */
export interface MeasuredMetric {
  readonly metric: string;
  readonly min?: number;
  readonly max?: number;
}

/** What a model had to pass before it was released. */
export interface ReleaseTests {
  /** The cases that each variant's `metrics` were measured on. */
  readonly evaluation?: TestFile & { readonly metrics: readonly MeasuredMetric[] };
  /** Cases that held, all of them, for each variant. */
  readonly regression?: TestFile;
  /** What the classes are called: the file that labels were read by. */
  readonly vocabulary?: { readonly bytes: number; readonly sha256: string };
  /** The output that labels are about, where the model has several. */
  readonly output?: string;
}

/** A file of a shipped image: a blob that is gzip. */
export interface ImageFileRef extends BlobRef {
  /** What it comes to without gzip. */
  readonly unpackedBytes: number;
}

/** A session of a variant, written down where the pack was made, for devices that hold nothing yet. */
export interface ShippedImage {
  /** Grows when such images are written, or put together, in another way. */
  readonly format: 1;
  /** What it was made in, and wakes in: nothing else will do. */
  readonly runtime: {
    /** Of onnxruntime-web. */
    readonly version: string;
    /** SHA-256 of the wasm, with its globals exported. */
    readonly wasm: string;
    readonly glue: string;
  };
  /** Where it was made; see `architecture`. */
  readonly madeOn: { readonly host: string; readonly architecture: string };
  /** How its session was created, as in the key of an image; see `ImageSubject`. */
  readonly settings: Readonly<Record<string, string | number | boolean>>;
  /** The runtime before it had a session: the same for all models. */
  readonly bare: ImageFileRef;
  /** What makes the image of it. */
  readonly difference: ImageFileRef;
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
  /** The model without its larger tensors. Its delta is one between bytes. */
  readonly graph: BlobRef & { readonly delta?: TensorDelta };
  readonly tensors: readonly TensorRef[];
  /** Measured when it was packed; absent for fp32. */
  readonly error?: QuantizationError;
  /** By metric: what it came to on the evaluation cases of `tests`. */
  readonly metrics?: Readonly<Record<string, number>>;
  /** Weights that stayed float16, for the error would have been larger than was asked for. */
  readonly kept?: readonly string[];
  /** By backend, in place of the tolerance that the manifest's golden answers have there. */
  readonly tolerance?: Readonly<Record<string, Tolerance>>;
  /** A way round the graph and the tensors. Absent where it was packed without any. */
  readonly images?: readonly ShippedImage[];
}

/** Where a model came from. */
export interface Provenance {
  readonly source: {
    readonly file: string;
    readonly bytes: number;
    readonly sha256: string;
    /** Files beside it that held some of its weights, by their path from its folder, sorted. */
    readonly external?: readonly {
      readonly file: string;
      readonly bytes: number;
      readonly sha256: string;
    }[];
  };
  /** Versions by name. */
  readonly tools: Readonly<Record<string, string>>;
  /** What it was trained on: digests of files, sorted; neither names nor contents. */
  readonly datasets?: readonly { readonly bytes: number; readonly sha256: string }[];
  /** The commit it was trained from: 40 or 64 hex digits. */
  readonly commit?: string;
  /** The version it was made from, and the SHA-256 of that version's manifest. */
  readonly parent?: { readonly version: string; readonly manifest: string };
}

/** Everything a device needs to know about one version of a model. */
export interface Manifest {
  readonly format: typeof MANIFEST_FORMAT;
  readonly name: string;
  readonly version: string;
  /** An SPDX expression, or `unknown`. */
  readonly license: string;
  readonly provenance: Provenance;
  readonly signature: {
    readonly inputs: readonly ValueInfo[];
    readonly outputs: readonly ValueInfo[];
  };
  readonly segments: readonly { readonly sha256: string; readonly bytes: number }[];
  readonly golden: {
    /** By backend. */
    readonly tolerance: Readonly<Record<string, Tolerance>>;
    readonly cases: readonly GoldenCase[];
    /**
     * By backend, how far apart answers were between sound ways of computing them, as a share of the
     * largest answer: what the tolerance was made from.
     */
    readonly spread?: Readonly<Record<string, number>>;
  };
  readonly attachments: readonly AttachmentRef[];
  /** Absent where it was packed without one: then only what needs none is told of its inputs and outputs. */
  readonly reference?: Reference;
  /** Absent where it was released untested. */
  readonly tests?: ReleaseTests;
  readonly variants: readonly Variant[];
}

/** Whether a file that travels with a pack may be called this. */
export function isFileName(name: string): boolean {
  return /^[\w][\w .+-]{0,127}$/.test(name);
}

/** Whether a text names a git commit in full. */
export function isCommit(text: string): boolean {
  return /^([0-9a-f]{40}|[0-9a-f]{64})$/.test(text);
}

/**
 * Every blob of a pack, each digest once: graphs and weights first, then attachments, then golden.
 * Deltas are not among them: they are a way to a blob.
 */
export function blobsOf(manifest: Manifest): BlobRef[] {
  const blobs = [
    ...manifest.variants.flatMap((variant) => [variant.graph, ...variant.tensors]),
    ...manifest.attachments,
    ...manifest.golden.cases.flatMap((golden) => [...golden.inputs, ...golden.outputs]),
  ];
  return [...new Map(blobs.map((blob) => [blob.sha256, blob])).values()];
}

/** The files of every shipped image of a pack, each digest once. They are no part of what `blobsOf` lists. */
export function imageFilesOf({ variants }: Pick<Manifest, "variants">): ImageFileRef[] {
  const files = variants
    .flatMap(({ images = [] }) => images)
    .flatMap(({ bare, difference }) => [bare, difference]);
  return [...new Map(files.map((file) => [file.sha256, file])).values()];
}

/** How far a variant's answers may be from the golden ones on a backend, where that is known. */
export function toleranceOf(
  { golden }: Manifest,
  variant: Variant,
  backend: string,
): Tolerance | undefined {
  return variant.tolerance?.[backend] ?? golden.tolerance[backend];
}

/** A tolerance as it holds for one golden answer. */
export function toleranceFor(
  { scale = 1 }: Pick<GoldenOutput, "scale">,
  { absolute, relative }: Tolerance,
): Tolerance {
  return { absolute: absolute * scale, relative };
}

/** The golden cases that a variant is held to. */
export function goldenCasesOf({ golden }: Manifest, { dtype }: Variant): readonly GoldenCase[] {
  return golden.cases.filter(({ dtypes }) => dtypes?.includes(dtype) ?? true);
}

/** The digest of each piece of a blob, in order. */
export function pieceDigests(blob: BlobRef): readonly string[] {
  return blob.chunks ?? [blob.sha256];
}

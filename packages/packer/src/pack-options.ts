import type { Manifest } from "@selvedge/protocol";
import type { OwnTolerances } from "./golden/own-tolerances.ts";
import type { ImageChoice } from "./images/pack-images.ts";
import type { ProvenanceOptions } from "./provenance.ts";
import type { ScaleCounts } from "./quantize/kept-scales.ts";
import type { PackableDtype } from "./quantize/recipes.ts";
import type { ReleaseTestOptions } from "./release-tests/read-release-tests.ts";
import type { TestProgress } from "./release-tests/run-release-tests.ts";
import type { RuntimeOptions } from "./runtime/with-runtime.ts";

/** What to pack, and into which registry. */
export interface PackOptions extends ProvenanceOptions, ReleaseTestOptions, RuntimeOptions {
  /** An ONNX file; a folder that MLflow wrote, or as transformers.js loads it; a PMML file; a `model.json` of TensorFlow.js. */
  readonly model: string;
  /** Which of several models in a folder, as a path within it, such as `onnx/decoder_model.onnx`. */
  readonly file?: string | undefined;
  readonly name: string;
  readonly version: string;
  /** The registry's folder; made if it is not there. */
  readonly registry: string;
  /** Files that travel with the model, such as its labels. */
  readonly attachments?: readonly string[] | undefined;
  /**
   * An SPDX expression.
   *
   * @default what the model's folder says, or "unknown"
   */
  readonly license?: string | undefined;
  /** A JSON or .npz file of golden inputs. Without it, inputs are made from the model's signature. */
  readonly golden?: string | undefined;
  /**
   * A JSON or .npz file of examples: how inputs and answers are distributed over them is recorded, for
   * drift to be measured against. Neither they nor the answers are.
   */
  readonly reference?: string | undefined;
  /**
   * How far answers may be from the golden ones, by backend, or by dtype and backend as in `q8/wasm`,
   * in place of what is derived from how far apart sound answers are.
   */
  readonly tolerance?: OwnTolerances | undefined;
  /**
   * The precisions to pack it in. Golden answers are those of fp32 in any case.
   *
   * @default ["fp32"]
   */
  readonly dtypes?: readonly PackableDtype[] | undefined;
  /**
   * How large the difference from fp32's answers to the golden inputs may be, as a share of those: root
   * mean square by root mean square, of the worst output; 0.1 is a signal-to-noise ratio of 20 dB. A
   * quantized variant that is further off keeps its worst weights in float16.
   */
  readonly maxError?: number | undefined;
  /** A version whose holders get deltas of the tensors that changed, and whose scales are kept where that costs little. */
  readonly base?: string | undefined;
  /**
   * Whether a session of each precision is written down beside the model, for devices that hold nothing
   * yet. Only a signature says who vouches for it, so that it is of use where there is one.
   *
   * @default "never"
   */
  readonly images?: ImageChoice | undefined;
  /** The file of a private key, which signs the version. Without it a signature is left as it is. */
  readonly key?: string | undefined;
  readonly onProgress?: ((progress: PackProgress) => void) | undefined;
}

/** What packing is busy with. */
export interface PackProgress {
  readonly phase:
    | "read"
    | "split"
    | "golden"
    | "reference"
    | "quantize"
    | "test"
    | "images"
    | "write";
  /** The precision that is being made, while quantizing. */
  readonly dtype?: PackableDtype;
  /** How far the tests of a precision have come, while testing. */
  readonly test?: TestProgress;
}

/** What packing came to. */
export interface PackResult {
  readonly manifest: Manifest;
  /** SHA-256 of the manifest: the pack's id. */
  readonly digest: string;
  /** `unchanged` where the registry held these very bytes already. */
  readonly outcome: "written" | "unchanged";
  /** Whether the version was signed: `unchanged` where this key had done so. Absent without a key. */
  readonly signature?: "written" | "unchanged";
  readonly bytes: {
    readonly manifest: number;
    /** Graphs, tensors, attachments and golden answers, those that other versions hold too included. */
    readonly content: number;
    /** What was added to the registry's segments. */
    readonly written: number;
  };
  /** With a base, how many quantization scales each precision that has any kept of it. */
  readonly scales?: readonly ({ readonly dtype: PackableDtype } & ScaleCounts)[];
  /** What is worth knowing, though nothing is wrong. */
  readonly warnings: readonly string[];
}

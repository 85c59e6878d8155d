import type { ElementType } from "./element-type.ts";

/** A tensor that is told of, and not shown. */
export interface TensorDigest {
  readonly dtype: ElementType;
  readonly dims: readonly number[];
  /** SHA-256 of its bytes, little-endian and row-major; of texts, of the JSON list of them in UTF-8. */
  readonly sha256: string;
}

/** How onnxruntime prepared a model, where that was chosen for a device: it may change last bits. */
export interface RecordedSettings {
  readonly graphOptimizationLevel?: "disabled" | "basic" | "extended" | "all";
  readonly prepacking?: boolean;
}

/** What is written down of one prediction: enough to run it again, and to see whether it comes out the same. */
export interface PredictionRecord {
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly model: string;
  readonly version: string;
  /** SHA-256 of the pack's manifest. */
  readonly digest: string;
  readonly dtype: string;
  readonly backend: string;
  readonly build: string;
  readonly layout?: string;
  /** Absent: as onnxruntime does by itself. */
  readonly settings?: RecordedSettings;
  /** Such as `onnxruntime-web 1.30.0`. */
  readonly runtime: string;
  /** What kind of GPU it ran on, such as `nvidia ampere`, `software`, or `none`. */
  readonly adapter: string;
  readonly browser: string;
  readonly cohort?: string;
  /**
   * 32 random hex digits that never leave the device by themselves. What leaves are commitments, so that
   * nobody can find an input by trying which one has its digest; whoever is handed the file can tell
   * that it is the prediction which was told of.
   */
  readonly salt: string;
  /** Empty where the inputs were handed over to the engine. */
  readonly inputs: Readonly<Record<string, TensorDigest>>;
  readonly outputs: Readonly<Record<string, TensorDigest>>;
  /** By feature of the manifest's reference: the bin its value fell into; `null` where it was missing. */
  readonly features?: Readonly<Record<string, number | null>>;
  /** Milliseconds. */
  readonly timings: { readonly queueMs: number; readonly runMs: number; readonly totalMs: number };
  /** 32 hex digits, where the call belonged to a trace. */
  readonly traceId?: string;
}

/** The format of a file that holds a captured prediction. */
export const CAPTURE_FORMAT = "selvedge.prediction/1";

/** A tensor in a file: its bytes in base64; texts as they are. */
export interface CapturedTensor {
  readonly type: ElementType;
  readonly dims: readonly number[];
  readonly data: string | readonly string[];
}

/** A prediction with what went in and came out: kept and exported only with the app's consent. */
export interface CapturedPrediction {
  readonly format: typeof CAPTURE_FORMAT;
  readonly record: PredictionRecord;
  readonly inputs: Readonly<Record<string, CapturedTensor>>;
  readonly outputs: Readonly<Record<string, CapturedTensor>>;
}

import type { ImageHead, WakingFacts } from "@selvedge/protocol";
import type { WorkerTensor } from "../runtime/model-worker.ts";

/** Where a runtime's files are, as URLs. */
interface RuntimeFiles {
  /** onnxruntime-web's JavaScript. */
  readonly api: string;
  /** Emscripten's. */
  readonly glue: string;
  /** The SDK's own module between the two. */
  readonly shim: string;
  readonly wasm: string;
}

/** How a session is created. */
export interface TrialSettings {
  readonly graphOptimizationLevel?: "disabled" | "basic" | "extended" | "all";
  readonly prepacking?: boolean;
}

/** An engine that was written down in a trial, for another to wake. */
export interface TrialImage
  extends Pick<ImageHead, "memoryBytes" | "tableLength" | "globals" | "runs" | "session"> {
  readonly pages: Uint8Array<ArrayBuffer>;
}

/** What a session is put through. */
export type TrialStep =
  | {
      readonly kind: "run";
      readonly inputs: readonly WorkerTensor[];
      /** Whether the model may refuse the inputs. */
      readonly mayFail?: boolean;
    }
  /** Lets time go by. */
  | { readonly kind: "pass"; readonly ms: number }
  /** Asks for more memory than there is. */
  | { readonly kind: "grow" }
  | { readonly kind: "write-down" }
  /** Loads the model once more in the same runtime, runs it, and gives it up: as rehearsals do. */
  | { readonly kind: "another"; readonly inputs: readonly WorkerTensor[] }
  | { readonly kind: "release" };

/** A session to try. */
export interface Trial {
  readonly files: RuntimeFiles;
  /** Instantiated in place of the wasm's file. */
  readonly module: WebAssembly.Module;
  readonly facts: WakingFacts | undefined;
  readonly model: {
    readonly graph: Uint8Array<ArrayBuffer>;
    readonly weights: readonly (readonly [path: string, content: Uint8Array<ArrayBuffer>])[];
  };
  readonly settings: TrialSettings;
  /** Woken in place of creating a session. */
  readonly image?: TrialImage | undefined;
  /** How much later it is than it would be. */
  readonly ageMs?: number;
  readonly steps: readonly TrialStep[];
}

/** What came of a trial. */
export interface TrialResult {
  /** For each run the SHA-256 of its outputs, or `refused: ` and why. */
  readonly answers: readonly string[];
  /** Numbers of the functions that were called, and of branches, where the module notes them; see `countCalls`. */
  readonly calls: readonly number[];
  readonly image?: TrialImage;
}

/** What a thread is asked that tries a session; see `worker/try-runtime.mjs`, which answers. */
export interface TrialRequest extends Trial {
  readonly kind: "try";
  readonly ageMs: number;
  /** What the names of globals begin with that note calls. */
  readonly mark: string;
}

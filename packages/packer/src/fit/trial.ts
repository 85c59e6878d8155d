import { Worker } from "node:worker_threads";
import type { ImageRun, WakingFacts } from "@selvedge/protocol";
import { SelvedgeError } from "@selvedge/protocol";
import type { WorkerTensor } from "../runtime/model-worker.ts";
import { CALL_MARK } from "../wasm/count-calls.ts";

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
export interface TrialImage {
  readonly runs: readonly ImageRun[];
  readonly pages: Uint8Array<ArrayBuffer>;
  readonly memoryBytes: number;
  readonly globals: Readonly<Record<string, number | bigint>>;
  readonly tableLength: number;
  readonly session: number;
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
  /** Numbers of the functions that were called, where the module notes them; see `countCalls`. */
  readonly calls: readonly number[];
  readonly image?: TrialImage;
}

/** How long a trial may take, and what gives it up. */
export interface TrialLimits {
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

/**
 * Puts a session through some steps, in a thread and a runtime of its own.
 *
 * @throws Error in the runtime's words, the signal's reason, or SelvedgeError `engine-timeout`.
 */
export async function runTrial(
  { files, module, facts, model, settings, image, ageMs = 0, steps }: Trial,
  { timeoutMs, signal }: TrialLimits,
): Promise<TrialResult> {
  signal?.throwIfAborted();
  const runtime = { ...files, module, facts, mark: CALL_MARK };
  // What the runtime prints is no part of what a command says.
  const worker = new Worker(new URL("../../worker/try-runtime.mjs", import.meta.url), {
    stdout: true,
    stderr: true,
    workerData: { runtime, model, settings, image, ageMs, steps },
  });
  worker.stdout.resume();
  worker.stderr.resume();
  let giveUp = () => {};
  let timer: NodeJS.Timeout | undefined;
  try {
    return await new Promise<TrialResult>((resolve, reject) => {
      worker.on("message", resolve);
      worker.on("error", reject);
      worker.on("exit", () => reject(new Error("the runtime ended")));
      giveUp = () => reject(signal?.reason);
      signal?.addEventListener("abort", giveUp);
      timer = setTimeout(() => reject(tooLate(timeoutMs)), timeoutMs);
    });
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", giveUp);
    await worker.terminate();
  }
}

function tooLate(timeoutMs: number): SelvedgeError {
  return new SelvedgeError(
    "engine-timeout",
    `The model did not load and answer within ${timeoutMs / 1000} s. Give it more time with --timeout SECONDS.`,
  );
}

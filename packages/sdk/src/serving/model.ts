import { SelvedgeError } from "@selvedge/protocol";
import type { InputsOf, OutputsOf } from "../model-types.ts";
import type { Candidate } from "../proving/prove-gpu.ts";
import type { Reporter } from "../telemetry/reporter.ts";
import type { KeeperClient } from "../worker/keeper-client.ts";
import { checkInputs, snapshot, takeOver } from "./check-inputs.ts";
import type { EngineHost, HostOpened } from "./engine-host.ts";

/** Long enough for a slow phone's first run; a call that knows better says so. */
const RUN_TIMEOUT_MS = 60_000;

/** What `predict` takes besides inputs. */
export interface PredictOptions {
  readonly signal?: AbortSignal;
  /**
   * Milliseconds from the moment the model starts on this call. Past it the engine is taken to hang:
   * it is ended, and the next call starts a fresh one.
   * @default 60000
   */
  readonly timeoutMs?: number;
  /**
   * Hands the inputs' buffers over instead of copying them: faster for large inputs. The buffers are
   * detached at once, whole, also where a tensor is a view of a part.
   * @default false
   */
  readonly transfer?: boolean;
}

/** An answer. */
export interface Prediction<Name extends string = string> {
  readonly outputs: OutputsOf<Name>;
  /** Names this prediction. */
  readonly id: string;
  /** Milliseconds: waiting for calls before it, in the runtime, and in all. */
  readonly timings: { readonly queueMs: number; readonly runMs: number; readonly totalMs: number };
}

/** What a model is and where it runs. */
export interface ModelInfo {
  readonly name: string;
  readonly version: string;
  /** SHA-256 of the pack's manifest. */
  readonly digest: string;
  readonly dtype: string;
  readonly backend: "wasm" | "webgpu";
  readonly runtime: { readonly name: "onnxruntime-web" | "tfjs"; readonly version: string };
  readonly signature: HostOpened["signature"];
  /** The ids of the keys that signed the pack, where `publicKeys` were given; empty otherwise. */
  readonly signedBy: readonly string[];
  /** Every place it could run, and why it does or does not. */
  readonly candidates: readonly Candidate[];
  /** Milliseconds each phase of loading took. */
  readonly timings: LoadTimings;
}

/** Milliseconds. `resolveMs` and `fetchMs` are 0 where the store had everything. */
export interface LoadTimings {
  readonly resolveMs: number;
  readonly fetchMs: number;
  readonly compileMs: number;
  readonly readMs: number;
  readonly createMs: number;
  readonly totalMs: number;
}

/** Everything a model hangs from. */
export interface ModelParts {
  readonly host: EngineHost;
  readonly opened: HostOpened;
  readonly info: Omit<ModelInfo, "backend" | "candidates">;
  readonly candidates: readonly Candidate[];
  readonly keeper: KeeperClient;
  readonly reporter: Reporter;
  readonly onDispose: (model: Model) => void;
}

/** A model that answers. Made by `selvedge.load`. */
export class Model<Name extends string = string> {
  readonly #parts: ModelParts;
  #host: EngineHost;
  #candidates: readonly Candidate[];
  /** An engine that still answers calls made before another took over. */
  #retiring: EngineHost | undefined;
  readonly #disposal = new AbortController();

  constructor(parts: ModelParts) {
    this.#parts = parts;
    this.#host = parts.host;
    this.#candidates = parts.candidates;
  }

  get info(): ModelInfo {
    return {
      ...this.#parts.info,
      backend: this.#host.backend,
      candidates: this.#candidates,
    };
  }

  /**
   * Runs the model, off the page's thread. Calls are answered in the order they were made; any number
   * may wait.
   *
   * @throws SelvedgeError `input-…` for inputs that do not fit, `run-failed` where the runtime refuses
   * them, `engine-timeout` and `engine-crashed` where it does not answer, `disposed`.
   * @throws AbortError when the signal fires.
   *
   * @example
   * ```ts
   * const { outputs, timings } = await model.predict({
   *   x: { type: "float32", data: pixels, dims: [1, 3, 48, 320] },
   * });
   * ```
   */
  async predict(inputs: InputsOf<Name>, options: PredictOptions = {}): Promise<Prediction<Name>> {
    const { signal, timeoutMs = RUN_TIMEOUT_MS, transfer = false } = options;
    const calledAt = performance.now();
    let startedAt = calledAt;
    const host = this.#host;
    const subject = this.#subject();
    const { recorder } = this.#parts.reporter;
    try {
      signal?.throwIfAborted();
      this.#requireLive();
      if (!(timeoutMs > 0))
        throw new SelvedgeError(
          "options-invalid",
          `timeoutMs has to be a number of milliseconds above 0, but is ${String(timeoutMs)}.`,
        );
      checkInputs(this.#parts.opened.signature.inputs, inputs);
      const { outputs, runMs } = await host.run(transfer ? takeOver(inputs) : snapshot(inputs), {
        signal,
        timeoutMs,
        onStart: () => {
          startedAt = performance.now();
        },
      });
      const totalMs = performance.now() - calledAt;
      recorder.predicted(subject, totalMs);
      const id = crypto.randomUUID();
      const timings = { queueMs: startedAt - calledAt, runMs, totalMs };
      // The types were written from the manifest whose golden answers these outputs are held to.
      return { outputs: outputs as OutputsOf<Name>, id, timings };
    } catch (error) {
      if (error instanceof SelvedgeError) recorder.failed(subject, "predict", error.code);
      throw error;
    }
  }

  /**
   * The bytes of a file that travels with the pack, such as its labels.
   *
   * @throws SelvedgeError `attachment-missing`, listing what the pack has.
   */
  async attachment(name: string, options: { signal?: AbortSignal } = {}): Promise<Uint8Array> {
    this.#requireLive();
    const { digest } = this.#parts.opened;
    return this.#parts.keeper.call(
      (keeper, call) => keeper.attachment(call, digest, name),
      options.signal,
    );
  }

  /** Ends the engine and gives its memory back. Calls that wait reject with `disposed`. Idempotent. */
  async dispose(): Promise<void> {
    if (this.#disposal.signal.aborted) return;
    this.#disposal.abort();
    this.#host.dispose();
    this.#retiring?.dispose();
    this.#parts.onDispose(this);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }

  /**
   * Lets another engine answer from the next call on; calls in flight finish where they are.
   *
   * @internal
   */
  moveTo(host: EngineHost, candidates: readonly Candidate[]): void {
    this.#retiring = this.#host;
    this.#host = host;
    this.#candidates = candidates;
    void this.#retiring.retire();
  }

  /** @internal */
  note(candidates: readonly Candidate[]): void {
    this.#candidates = candidates;
  }

  /**
   * Fires when the model is disposed of.
   *
   * @internal
   */
  get disposal(): AbortSignal {
    return this.#disposal.signal;
  }

  #requireLive(): void {
    if (this.#disposal.signal.aborted)
      throw new SelvedgeError(
        "disposed",
        `The model ${this.info.name} has been disposed. Load it again to use it.`,
      );
  }

  #subject() {
    const { name, version, dtype } = this.#parts.info;
    return { model: name, version, dtype, backend: this.#host.backend };
  }
}

import { SelvedgeError } from "@selvedge/protocol";
import type { InputsOf, OutputsOf } from "../model-types.ts";
import type { Predictions } from "../predictions/predictions.ts";
import type { Truth } from "../predictions/truth.ts";
import type { Reporter } from "../telemetry/reporter.ts";
import type { KeeperClient } from "../worker/keeper-client.ts";
import { Calm } from "./calm.ts";
import { checkInputs, snapshot, takeOver } from "./check-inputs.ts";
import type { Failover } from "./failover.ts";
import { type ModelInfo, modelInfo } from "./model-info.ts";
import type { ModelUpdate, UpdateFeed } from "./model-update.ts";
import type { Prediction, PredictOptions } from "./prediction.ts";
import { type Served, subjectOf } from "./served.ts";
import { Supervisor } from "./supervisor.ts";
import { UsedDims } from "./used-dims.ts";

/** Everything a model hangs from. */
export interface ModelParts {
  readonly served: Served;
  /** The digest of the trust anchors, where there are any. */
  readonly trust: string | undefined;
  /** The channel it was loaded from, or `pinned`. */
  readonly cohort: string;
  /** What writes predictions down. */
  readonly predictions: Predictions | undefined;
  readonly keeper: KeeperClient;
  readonly reporter: Reporter;
  readonly feed: UpdateFeed;
  readonly failover: () => Promise<Failover>;
  readonly onDispose: (model: Model) => void;
  readonly checkForUpdate: (signal: AbortSignal | undefined) => Promise<ModelUpdate | undefined>;
}

/** A model that answers. Made by `selvedge.load`. */
export class Model<Name extends string = string> {
  readonly #parts: ModelParts;
  #supervisor: Supervisor;
  /** Versions that still answer calls made before another took over. */
  readonly #retiring = new Set<Supervisor>();
  /** Takes back the mark that the pack is in use. */
  #release: AbortController;
  readonly #disposal = new AbortController();
  readonly #calm = new Calm();
  /** @internal */
  readonly used: UsedDims = new UsedDims();

  constructor(parts: ModelParts) {
    this.#parts = parts;
    this.#supervisor = this.#supervise(parts.served);
    this.#release = this.#hold(parts.served, this.calm);
  }

  get info(): ModelInfo {
    return modelInfo(this.served, this.#parts.trust);
  }

  /**
   * Runs the model, off the page's thread. Calls are answered in the order they were made; any number
   * may wait.
   *
   * A call whose engine crashes, hangs, runs out of memory or loses its GPU is answered by a fresh one,
   * or by the next candidate.
   *
   * @throws SelvedgeError `input-…` for inputs that do not fit, `run-failed` where the runtime refuses
   * them, `engine-timeout`, `engine-crashed`, `out-of-memory` and `device-lost` where no candidate
   * answers, `disposed`.
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
    const { signal, timeoutMs, transfer = false, capture = false } = options;
    const calledAt = performance.now();
    const supervisor = this.#supervisor;
    const { reporter } = this.#parts;
    const span = reporter.begin("predict", options);
    this.#calm.called();
    try {
      signal?.throwIfAborted();
      this.#requireLive();
      if (timeoutMs !== undefined && !(timeoutMs > 0))
        throw new SelvedgeError(
          "options-invalid",
          `timeoutMs has to be a number of milliseconds above 0, but is ${String(timeoutMs)}.`,
        );
      checkInputs(supervisor.served.opened.signature.inputs, inputs);
      const at = Date.now();
      const kept = transfer ? takeOver(inputs) : snapshot(inputs);
      const isReplayable = !transfer || capture;
      const terms = { signal, timeoutMs, isReplayable };
      const run = await supervisor.run(kept, terms);
      const { outputs, runMs, startedAt, served, engineBytes } = run;
      // What the caller does with its own object since says nothing of the call.
      this.used.note(kept);
      const totalMs = performance.now() - calledAt;
      const timings = { queueMs: startedAt - calledAt, runMs, totalMs };
      const id = crypto.randomUUID();
      const batchSize = Object.values(kept)[0]?.dims[0] ?? 1;
      const seen = isReplayable ? kept : undefined;
      const { cohort, predictions } = this.#parts;
      const call = { id, at, served, inputs: seen, outputs, timings, options, cohort };
      const trace = reporter.answered(call, { span, batchSize, engineBytes });
      if (capture) predictions?.captured({ ...call, ...trace });
      // The types were written from the manifest whose golden answers these outputs are held to.
      return { outputs: outputs as OutputsOf<Name>, id, timings, ...trace };
    } catch (error) {
      reporter.refused(supervisor.served, { span, error });
      throw error;
    } finally {
      this.#calm.over();
    }
  }

  /**
   * Joins the truth to a prediction, whenever it comes: also days later, and after a reload. It leaves as
   * counts, where telemetry has an endpoint: a label by name only where the pack's reference has it as a
   * category. The first truth of a prediction counts, and no other.
   *
   * @param id as `predict` answered it
   * @returns whether it was counted: `false` for a second truth, and where nothing is ever sent or
   * written down
   * @throws SelvedgeError `feedback-invalid` for a truth that cannot be held against the answer,
   * `prediction-unknown` for an id that is not one of the latest on this device, `disposed`.
   *
   * @example
   * ```ts
   * const { id } = await model.predict(inputs);
   * await model.feedback(id, { label: "cat" });
   * ```
   */
  async feedback(id: string, truth: Truth): Promise<boolean> {
    this.#requireLive();
    return this.#parts.predictions?.feedback(this.info.name, id, truth) ?? false;
  }

  /**
   * The bytes of a file that travels with the pack, such as its labels.
   *
   * @throws SelvedgeError `attachment-missing`, listing what the pack has.
   */
  async attachment(name: string, options: { signal?: AbortSignal } = {}): Promise<Uint8Array> {
    this.#requireLive();
    const { pack } = this.served.host;
    if (pack === undefined) throw new Error("a model's host has opened its pack");
    return this.#parts.keeper.call(
      (keeper, call) => keeper.attachment(call, pack, name),
      options.signal,
    );
  }

  /**
   * Tells of newer versions: found, ready, applied, refused, and what went wrong. A listener that comes
   * late is told what happened last.
   *
   * @returns what ends it
   *
   * @example
   * ```ts
   * model.on("update", (update) => {
   *   if (update.state === "ready") showReloadHint(update.version);
   * });
   * ```
   */
  on(_event: "update", listener: (update: ModelUpdate) => void): () => void {
    return this.#parts.feed.on(listener);
  }

  /**
   * Asks the registry for a newer version now, and does what the policy says about it.
   *
   * @returns what came of it; `undefined` where there is none, or the version is pinned.
   * @throws SelvedgeError where the registry cannot be asked, or what it names cannot be had.
   */
  async checkForUpdate(options: { signal?: AbortSignal } = {}): Promise<ModelUpdate | undefined> {
    this.#requireLive();
    return this.#parts.checkForUpdate(options.signal);
  }

  /** Ends the engine and gives its memory back. Calls that wait reject with `disposed`. Idempotent. */
  async dispose(): Promise<void> {
    if (this.#disposal.signal.aborted) return;
    const reason = this.#disposedError();
    this.#disposal.abort(reason);
    this.#calm.over();
    this.#release.abort();
    this.#parts.feed.end();
    for (const supervisor of [this.#supervisor, ...this.#retiring]) supervisor.dispose(reason);
    this.#parts.onDispose(this);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }

  /**
   * Lets another engine answer from the next call on. A call in flight finishes where it is; where that
   * fails, what serves its version then answers it.
   *
   * @internal
   */
  moveTo(served: Served): void {
    if (this.#disposal.signal.aborted) {
      served.host.dispose();
      return;
    }
    served.host.share();
    const former = this.#supervisor;
    if (served.opened.digest === former.served.opened.digest) {
      former.moveTo(served);
      return;
    }
    const release = this.#release;
    this.#release = this.#hold(served, Promise.resolve());
    this.#supervisor = this.#supervise(served);
    this.#retiring.add(former);
    void former.retire().then(() => {
      this.#retiring.delete(former);
      release.abort();
    });
  }

  /** @internal */
  get served(): Served {
    return this.#supervisor.served;
  }

  /**
   * For how many milliseconds what serves has answered without a failure.
   *
   * @internal
   */
  get steadyMs(): number {
    return this.#supervisor.steadyMs;
  }

  /**
   * Resolves when things may be done that nobody waits for.
   *
   * @internal
   */
  get calm(): Promise<void> {
    return this.#calm.comes;
  }

  /**
   * Fires when the model is disposed of.
   *
   * @internal
   */
  get disposal(): AbortSignal {
    return this.#disposal.signal;
  }

  #supervise(served: Served): Supervisor {
    const { failover, reporter } = this.#parts;
    return new Supervisor({
      served,
      failover,
      onFailure: (rung, { code }) =>
        reporter.recorder.failed(subjectOf(served.opened, rung), "run", code),
    });
  }

  #requireLive(): void {
    this.#disposal.signal.throwIfAborted();
  }

  /** Marks a pack as in use: no tab makes room at its cost from then on. */
  #hold({ opened }: Served, when: Promise<void>): AbortController {
    const release = new AbortController();
    void when.then(() => this.#parts.keeper.hold(opened.digest, release.signal));
    return release;
  }

  #disposedError(): SelvedgeError {
    return new SelvedgeError(
      "disposed",
      `The model ${this.info.name} has been disposed. Load it again to use it.`,
    );
  }
}

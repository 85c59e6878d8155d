import { SelvedgeError } from "@selvedge/protocol";
import type { Tensors } from "../tensor.ts";
import type { EngineRun } from "../worker/engine-api.ts";
import { patientTimer } from "../worker/patient-timer.ts";
import type { Served } from "./served.ts";

/** What came of a call. */
export interface Answer extends EngineRun {
  /** What answered. */
  readonly served: Served;
  /** When an engine first started on it, by the page's clock. */
  readonly startedAt: number;
}

/** How a call is to be answered. */
export interface CallTerms {
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds from the moment that an engine first starts on it; absent: as it takes. */
  readonly timeoutMs?: number | undefined;
  /** Whether the inputs may be sent again; otherwise they go to the engine with the first try. */
  readonly isReplayable: boolean;
}

/**
 * A call that waits for its answer, with the inputs that the page keeps until then. It settles once, on
 * the first of an answer, an error, an abort and its deadline.
 */
export class PendingCall {
  readonly inputs: Tensors;
  /** Of all inputs together. */
  readonly elements: number;
  readonly terms: CallTerms;
  readonly answer: Promise<Answer>;
  /** How many engines broke while they ran it. */
  failures = 0;
  #startedAt: number | undefined;
  #endEngine: ((reason: SelvedgeError) => void) | undefined;
  #settle: ((how: () => void) => void) | undefined;
  #resolve: (answer: Answer) => void = () => undefined;
  #reject: (reason: unknown) => void = () => undefined;
  #disarm: () => void = () => undefined;

  /** @param onSettled called once, when it is settled */
  constructor(inputs: Tensors, terms: CallTerms, onSettled: (call: PendingCall) => void) {
    this.inputs = inputs;
    this.terms = terms;
    this.elements = Object.values(inputs).reduce((sum, { data }) => sum + data.length, 0);
    this.answer = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    const { signal } = terms;
    const abort = () => this.reject(signal?.reason);
    this.#settle = (how) => {
      this.#settle = undefined;
      this.#disarm();
      signal?.removeEventListener("abort", abort);
      how();
      onSettled(this);
    };
    signal?.addEventListener("abort", abort);
  }

  get isSettled(): boolean {
    return this.#settle === undefined;
  }

  /**
   * An engine starts on it.
   *
   * @param endEngine called where its deadline passes before `stopped`
   */
  started(endEngine: (reason: SelvedgeError) => void): void {
    this.#endEngine = endEngine;
    const { timeoutMs } = this.terms;
    if (this.#startedAt === undefined && timeoutMs !== undefined)
      this.#disarm = patientTimer(timeoutMs, () => this.#late(timeoutMs));
    this.#startedAt ??= performance.now();
  }

  /** No engine runs it any more. */
  stopped(): void {
    this.#endEngine = undefined;
  }

  resolve(run: EngineRun, served: Served): void {
    const startedAt = this.#startedAt ?? performance.now();
    this.#settle?.(() => this.#resolve({ ...run, served, startedAt }));
  }

  reject(reason: unknown): void {
    this.#settle?.(() => this.#reject(reason));
  }

  #late(timeoutMs: number): void {
    const error = new SelvedgeError(
      "engine-timeout",
      `The engine did not answer within ${timeoutMs} ms. It was ended, and the next call is answered by a fresh one; pass a larger timeoutMs if the model needs longer.`,
      { detail: { timeoutMs } },
    );
    const endEngine = this.#endEngine;
    this.reject(error);
    endEngine?.(error);
  }
}

import type { OutputsOf } from "../model-types.ts";
import type { TraceParent } from "../telemetry/trace-context.ts";

/** What `predict` takes besides inputs. */
export interface PredictOptions extends TraceParent {
  readonly signal?: AbortSignal;
  /**
   * Milliseconds from the moment the model starts on this call. Past it the call rejects and the engine
   * is ended; the calls behind it are answered by a fresh one. Without it, deadlines are learned from
   * the model's own runs, up to a minute, and a call that passes its own is answered by another engine.
   */
  readonly timeoutMs?: number;
  /**
   * Hands the inputs' buffers over instead of copying them: faster for large inputs. The buffers are
   * detached at once, whole, also where a tensor is a view of a part. A call whose engine breaks cannot
   * be given to another then, and fails.
   * @default false
   */
  readonly transfer?: boolean;
  /**
   * Keeps what goes in and comes out on this device, with the prediction's record:
   * `selvedge.exportPrediction` makes a file of it. Never sent. Inputs that are handed over are kept, too.
   * @default false
   */
  readonly capture?: boolean;
}

/** An answer. */
export interface Prediction<Name extends string = string> {
  readonly outputs: OutputsOf<Name>;
  /** Names this prediction. */
  readonly id: string;
  /** Milliseconds: waiting for calls before it, in the runtime, and in all. */
  readonly timings: { readonly queueMs: number; readonly runMs: number; readonly totalMs: number };
  /**
   * The W3C `traceparent` of this call, to hand to what is done with its answer; absent where nothing
   * is traced.
   */
  readonly traceparent?: string;
}

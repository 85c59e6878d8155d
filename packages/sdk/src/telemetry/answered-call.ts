import type { PredictOptions } from "../serving/prediction.ts";
import type { Served } from "../serving/served.ts";
import type { Tensors } from "../tensor.ts";

/** A call that was answered, as telemetry is told of it: on the page, before the app has the answer. */
export interface AnsweredCall {
  readonly id: string;
  /** Milliseconds since 1970, when it was made. */
  readonly at: number;
  /** What answered it, and where. */
  readonly served: Served;
  /** The page's own copy; `undefined` where the inputs were handed over. */
  readonly inputs: Tensors | undefined;
  /** The app's own from the moment it has the answer: whoever needs them later copies them. */
  readonly outputs: Tensors;
  /** Milliseconds. */
  readonly timings: { readonly queueMs: number; readonly runMs: number; readonly totalMs: number };
  readonly options: PredictOptions;
  /** The W3C trace context that the answer names; absent where nothing is traced. */
  readonly traceparent?: string;
  /** The channel that the model was loaded from, or `pinned`. */
  readonly cohort: string;
}

/** What looks at calls that were answered. */
export interface CallWatcher {
  /** Whether it would look at the call: where nobody would, nothing is copied. */
  readonly wants: (call: AnsweredCall) => boolean;
  readonly answered: Watcher;
}

/** Looks at calls that were answered. Never throws, and leaves what takes long for later. */
export type Watcher = (call: AnsweredCall) => void;

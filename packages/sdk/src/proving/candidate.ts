import type { Dtype } from "@selvedge/protocol";
import type { Backend, Build, Layout } from "../worker/engine-api.ts";

/** A place a model could run on this device, in a precision, and what came of it. */
export interface Candidate {
  readonly backend: Backend;
  readonly dtype: Dtype;
  /** The build of the runtime that it runs in. */
  readonly build: Build;
  /** How tensors are laid out, on WebGPU. */
  readonly layout?: Layout;
  /**
   * `serving` answers; `standby` has proven itself and answers where what serves fails; `slower` is right,
   * and not worth moving to; `waiting` and `proving` are not decided yet; `rejected` is not used.
   */
  readonly state: "serving" | "standby" | "slower" | "waiting" | "proving" | "rejected";
  /** Why it is in that state. */
  readonly reason: string;
  /** Median of warm runs on this device, in milliseconds, where it was measured. */
  readonly runMs?: number;
}

import type { ShippedHead, WakingFacts } from "@selvedge/protocol";
import type { WorkerTensor } from "../runtime/model-worker.ts";

/** What a thread is asked that writes images, or wakes one; see `worker/write-images.mjs`, which answers. */
export type ImageRequest =
  | {
      readonly kind: "start";
      readonly module: WebAssembly.Module;
      /** The URL of the runtime's glue. */
      readonly glue: string;
      readonly facts: WakingFacts;
      /** What `wake` is to wake; absent where something is to be written down. */
      readonly asleep?: { readonly head: ShippedHead; readonly pages: Uint8Array };
    }
  | { readonly kind: "initialise" }
  | {
      readonly kind: "create";
      readonly graph: Uint8Array;
      readonly weights: readonly (readonly [path: string, content: Uint8Array])[];
    }
  | { readonly kind: "wake" }
  | { readonly kind: "answer"; readonly inputs: readonly WorkerTensor[] }
  | { readonly kind: "write-down" };

/** What it answers, by the kind of request. */
export interface ImageAnswers {
  readonly start: undefined;
  readonly initialise: undefined;
  readonly create: undefined;
  readonly wake: undefined;
  readonly answer: readonly WorkerTensor[];
  readonly "write-down": WrittenDown;
}

/** A runtime as it stands. */
export interface WrittenDown
  extends Pick<ShippedHead, "memoryBytes" | "globals" | "tableLength" | "session"> {
  /** All of it, the thread's own: nothing may run there any more. */
  readonly memory: SharedArrayBuffer;
}

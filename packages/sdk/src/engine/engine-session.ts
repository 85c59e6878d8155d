import type { GlueHost } from "@selvedge/protocol";
import type { Tensors } from "../tensor.ts";
import type { Proof, SessionHow, WasmKind } from "../worker/engine-api.ts";
import type { SoundImage } from "./image/read-image.ts";
import type { WasmPlan } from "./image/wasm-plan.ts";

/** The bytes a session is made from. */
export interface SessionSource {
  readonly graph: ArrayBuffer;
  /** A buffer per tensor, under the name the graph knows it by. */
  readonly tensors: readonly { readonly name: string; readonly data: ArrayBuffer }[];
}

/** One model in one runtime. Runs one call at a time: callers wait for an answer before the next. */
export interface EngineSession {
  /** How it came to run the way it does, where there was a choice. */
  readonly finding?: string;
  run(inputs: Tensors): Promise<Tensors>;
  /** Gives its memory back to the runtime. It is not run any more. */
  release(): Promise<void>;
}

/** What onnxruntime runs in, and how that came to be. */
export interface WasmFound {
  readonly kind: WasmKind;
  /** As it was planned. */
  readonly plan: WasmPlan;
  /** The image that the first session is woken from. */
  readonly image?: SoundImage;
  /** Why it is so, for people. */
  readonly reason: string;
}

/** A runtime that has been loaded, from which sessions are made. */
export interface EngineRuntime {
  /** Of onnxruntime only. */
  readonly wasm?: WasmFound;
  /** What can be written down of it: of onnxruntime only. */
  readonly live?: GlueHost;
  /** The compiled wasm, which a later worker can be given. */
  readonly module: WebAssembly.Module;
  /** Until its wasm was compiled, which happens beside the import of its scripts. */
  readonly compileMs: number;
  readonly importMs: number;
  /** WebAssembly's memory, in bytes; 0 before the first session. */
  readonly bytes: number;
  /** @param prove runs the golden inputs, for a runtime that has more than one way to run a model */
  createSession(
    source: SessionSource,
    how: SessionHow,
    prove: (session: EngineSession) => Promise<Proof>,
  ): Promise<EngineSession>;
}

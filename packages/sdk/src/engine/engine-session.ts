import type { Tensors } from "../tensor.ts";

/** The bytes a session is made from. */
export interface SessionSource {
  readonly graph: ArrayBuffer;
  /** A buffer per tensor, under the name the graph knows it by. */
  readonly tensors: readonly { readonly name: string; readonly data: ArrayBuffer }[];
}

/** One model in one runtime. Runs one call at a time: callers wait for an answer before the next. */
export interface EngineSession {
  run(inputs: Tensors): Promise<Tensors>;
}

/** A runtime that has been loaded, from which sessions are made. */
export interface EngineRuntime {
  /** The compiled wasm, which a later worker can be given. */
  readonly module: WebAssembly.Module;
  readonly compileMs: number;
  createSession(source: SessionSource): Promise<EngineSession>;
}

import type { Optimization, WeightContent } from "./model-worker.ts";
import { openWorkerSession, type Session } from "./worker-session.ts";

/** What a session is made of; `weights` are what the graph refers to by name. */
export interface SessionSource {
  readonly graph: Uint8Array<ArrayBuffer>;
  readonly weights: ReadonlyMap<string, WeightContent>;
}

/** How a session is opened. */
export interface SessionOptions {
  /** @default "all" */
  readonly optimization?: Optimization;
  /**
   * Whether weights are copied into the order that kernels like best.
   *
   * @default true but for very large models
   */
  readonly prepacking?: boolean | undefined;
}

/** Which onnxruntime-web runs here. */
export async function runtimeVersion(): Promise<string> {
  // Loaded when it is needed: inspecting and promoting do without it.
  const { env } = await import("onnxruntime-web");
  return env.versions.web ?? env.versions.common;
}

/**
 * Opens a model in onnxruntime-web's WASM, as a browser would run it, in the thread of the `withRuntime` around the caller; without
 * one, in a thread of its own.
 *
 * @throws Error when the runtime refuses it, in the runtime's own words; SelvedgeError
 * `model-unsupported` when it takes too long.
 */
export async function openSession(
  { graph, weights }: SessionSource,
  { optimization = "all", prepacking }: SessionOptions = {},
): Promise<Session> {
  const { session } = await openWorkerSession({
    worker: "onnx",
    title: "onnxruntime-web",
    request: (id) => ({
      kind: "open",
      session: id,
      graph,
      weights: [...weights],
      optimization,
      prepacking,
    }),
  });
  return session;
}

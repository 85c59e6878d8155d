import { SelvedgeError } from "@selvedge/protocol";
import type { InferenceSession, Tensor as OrtTensor } from "onnxruntime-web";
import { elementsOf, isRunnable, type NamedTensor } from "./named-tensor.ts";

/** A model in onnxruntime-web's WASM, as a browser would run it. */
export interface Session {
  /** Inputs and outputs by name. */
  run(inputs: readonly NamedTensor[]): Promise<NamedTensor[]>;
  close(): Promise<void>;
}

/** What a session is made of; `weights` are what the graph refers to by name. */
export interface SessionSource {
  readonly graph: Uint8Array<ArrayBuffer>;
  readonly weights: ReadonlyMap<string, Uint8Array<ArrayBuffer>>;
}

/** The runtime says nothing below this. */
const FATAL = 4;

/** Which onnxruntime-web runs here. */
export async function runtimeVersion(): Promise<string> {
  const { env } = await loadRuntime();
  return env.versions.web ?? env.versions.common;
}

/**
 * Opens a model in onnxruntime-web.
 *
 * @throws Error when the runtime refuses it, in the runtime's own words.
 */
export async function openSession(
  { graph, weights }: SessionSource,
  { optimization = "all" }: { readonly optimization?: "disabled" | "basic" | "all" } = {},
): Promise<Session> {
  const { InferenceSession, Tensor } = await loadRuntime();
  const session = await InferenceSession.create(graph, {
    executionProviders: ["wasm"],
    externalData: [...weights].map(([path, data]) => ({ path, data })),
    logSeverityLevel: FATAL,
    graphOptimizationLevel: optimization,
  });
  return {
    run: async (inputs) => {
      const feeds = inputs.map(({ name, dtype, dims, bytes }): [string, OrtTensor] => {
        if (!isRunnable(dtype)) throw new Error(`a ${dtype} tensor cannot be given to a session`);
        return [name, new Tensor(dtype, elementsOf({ dtype, bytes }), dims)];
      });
      // Inputs that a model does not take are tried on purpose, and what is wrong is thrown too.
      const outputs = await session.run(Object.fromEntries(feeds), { logSeverityLevel: FATAL });
      return session.outputNames.map((name) => toNamedTensor(name, outputs));
    },
    close: () => session.release(),
  };
}

async function loadRuntime(): Promise<typeof import("onnxruntime-web")> {
  // Loaded when it is needed: inspecting and promoting do without it.
  const runtime = await import("onnxruntime-web");
  // One thread, as in a webview; more would also sum in another order.
  runtime.env.wasm.numThreads = 1;
  runtime.env.logLevel = "fatal";
  return runtime;
}

function toNamedTensor(name: string, outputs: InferenceSession.OnnxValueMapType): NamedTensor {
  const value = outputs[name];
  if (value === undefined) throw new Error(`the session gave no output "${name}"`);
  const { type, data, dims } = value;
  if (!ArrayBuffer.isView(data) || !isRunnable(type))
    throw new SelvedgeError(
      "model-unsupported",
      `Output "${name}" holds ${type}s, and only outputs of numbers and booleans that JavaScript has arrays for can be packed. Take it out of the model's outputs.`,
    );
  const bytes = new Uint8Array(data.byteLength);
  bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  return { name, dtype: type, dims: [...dims], bytes };
}

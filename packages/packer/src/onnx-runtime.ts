import { SelvedgeError } from "@selvedge/protocol";
import type { InferenceSession, Tensor as OrtTensor } from "onnxruntime-web";
import { bytesOfData, isRunnable, type NamedTensor, sessionData } from "./named-tensor.ts";

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
export async function openSession({ graph, weights }: SessionSource): Promise<Session> {
  const { InferenceSession, Tensor } = await loadRuntime();
  const session = await InferenceSession.create(graph, {
    executionProviders: ["wasm"],
    externalData: [...weights].map(([path, data]) => ({ path, data })),
    logSeverityLevel: 4,
  });
  return {
    run: async (inputs) => {
      const feeds = inputs.map((tensor): [string, OrtTensor] => {
        const { name, dtype, dims } = tensor;
        if (!isRunnable(dtype)) throw new Error(`a ${dtype} tensor cannot be given to a session`);
        return [name, new Tensor(dtype, sessionData(tensor), dims)];
      });
      const outputs = await session.run(Object.fromEntries(feeds));
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
  if (!isRunnable(type))
    throw new SelvedgeError(
      "model-unsupported",
      `Output "${name}" holds ${type}s, which JavaScript has no array for. Take it out of the model's outputs.`,
    );
  return { name, dtype: type, dims: [...dims], bytes: bytesOfData(data) };
}

import { SelvedgeError } from "@selvedge/protocol";
import type { Optimization, WeightContent, WorkerTensor } from "./model-worker.ts";
import { elementsOf, isRunnable, type NamedTensor } from "./named-tensor.ts";
import { currentRuntime, Runtime } from "./with-runtime.ts";

/** A model in onnxruntime-web's WASM, as a browser would run it. */
export interface Session {
  /** Inputs and outputs by name. */
  run(inputs: readonly NamedTensor[]): Promise<NamedTensor[]>;
  close(): Promise<void>;
}

/** What a session is made of; `weights` are what the graph refers to by name. */
export interface SessionSource {
  readonly graph: Uint8Array<ArrayBuffer>;
  readonly weights: ReadonlyMap<string, WeightContent>;
}

/** Which onnxruntime-web runs here. */
export async function runtimeVersion(): Promise<string> {
  // Loaded when it is needed: inspecting and promoting do without it.
  const { env } = await import("onnxruntime-web");
  return env.versions.web ?? env.versions.common;
}

/**
 * Opens a model in onnxruntime-web, in the thread of the `withRuntime` around the caller; without
 * one, in a thread of its own.
 *
 * @throws Error when the runtime refuses it, in the runtime's own words; SelvedgeError
 * `model-unsupported` when it takes too long.
 */
export async function openSession(
  { graph, weights }: SessionSource,
  { optimization = "all" }: { readonly optimization?: Optimization } = {},
): Promise<Session> {
  const around = currentRuntime();
  const runtime = around ?? new Runtime({});
  const { timeoutMs, signal } = runtime;
  const worker = runtime.worker();
  const session = worker.nextSession();
  const within = (tooLate: () => Error) => ({ timeoutMs, signal, tooLate });
  const closeOwn = async () => {
    if (around === undefined) await runtime.close();
  };
  try {
    await worker.call(
      { kind: "open", session, graph, weights: [...weights], optimization },
      within(() => tooLateToLoad(timeoutMs)),
    );
  } catch (error) {
    await closeOwn();
    throw error;
  }
  return {
    run: async (inputs) => {
      const feeds = inputs.map(({ name, dtype, dims, bytes }): WorkerTensor => {
        if (!isRunnable(dtype)) throw new Error(`a ${dtype} tensor cannot be given to a session`);
        return { name, dtype, dims, data: elementsOf({ dtype, bytes }) };
      });
      const outputs = await worker.call(
        { kind: "run", session, inputs: feeds },
        within(() => tooLateToAnswer(timeoutMs)),
      );
      return outputs.map(toNamedTensor);
    },
    close: async () => {
      // A thread that had to be ended took its sessions along.
      if (worker.isAlive)
        await worker.call(
          { kind: "close", session },
          within(() => tooLateToLoad(timeoutMs)),
        );
      await closeOwn();
    },
  };
}

function toNamedTensor({ name, dtype, dims, data }: WorkerTensor): NamedTensor {
  if (data === null || !isRunnable(dtype))
    throw new SelvedgeError(
      "model-unsupported",
      `Output "${name}" holds ${dtype}s, and only outputs of numbers and booleans that JavaScript has arrays for can be packed. Take it out of the model's outputs.`,
    );
  const bytes = new Uint8Array(data.byteLength);
  bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  return { name, dtype, dims, bytes };
}

function tooLateToLoad(timeoutMs: number): SelvedgeError {
  return new SelvedgeError(
    "model-unsupported",
    `onnxruntime-web did not load the model within ${timeoutMs / 1000} s. Make it smaller, or give it more time with --timeout SECONDS.`,
  );
}

function tooLateToAnswer(timeoutMs: number): SelvedgeError {
  return new SelvedgeError(
    "golden-failed",
    `The model did not answer within ${timeoutMs / 1000} s. Give smaller inputs with --golden FILE, or more time with --timeout SECONDS; if it never answers, it cannot be packed.`,
  );
}

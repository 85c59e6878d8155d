import { SelvedgeError } from "@selvedge/protocol";
import type { WorkerAnswers, WorkerKind, WorkerRequest, WorkerTensor } from "./model-worker.ts";
import { elementsOf, isRunnable, type NamedTensor } from "./named-tensor.ts";
import { currentRuntime, Runtime } from "./with-runtime.ts";

/** A model that has been loaded. */
export interface Session {
  /** Inputs and outputs by name. */
  run(inputs: readonly NamedTensor[]): Promise<NamedTensor[]>;
  close(): Promise<void>;
}

/**
 * Opens a model in the thread of the `withRuntime` around the caller; without one, in a thread of its
 * own.
 *
 * @returns the session, and what opening it was answered with
 * @throws Error when the runtime refuses it, in the runtime's own words; SelvedgeError
 * `model-unsupported` when it takes too long.
 */
export async function openWorkerSession<Kind extends "open" | "open-tfjs">({
  worker: kind,
  title,
  request,
}: {
  readonly worker: WorkerKind;
  /** What to call the runtime in errors. */
  readonly title: string;
  readonly request: (session: number) => Extract<WorkerRequest, { kind: Kind }>;
}): Promise<{ session: Session; opened: WorkerAnswers[Kind] }> {
  const around = currentRuntime();
  const runtime = around ?? new Runtime({});
  const { timeoutMs, signal } = runtime;
  const worker = runtime.worker(kind);
  const id = worker.nextSession();
  const within = (tooLate: () => Error) => ({ timeoutMs, signal, tooLate });
  const closeOwn = async () => {
    if (around === undefined) await runtime.close();
  };
  let opened: WorkerAnswers[Kind];
  try {
    opened = await worker.call<Kind>(
      request(id),
      within(() => tooLateToLoad(title, timeoutMs)),
    );
  } catch (error) {
    await closeOwn();
    throw error;
  }
  const session: Session = {
    run: async (inputs) => {
      const feeds = inputs.map(({ name, dtype, dims, bytes }): WorkerTensor => {
        if (!isRunnable(dtype)) throw new Error(`a ${dtype} tensor cannot be given to a session`);
        return { name, dtype, dims, data: elementsOf({ dtype, bytes }) };
      });
      const outputs = await worker.call(
        { kind: "run", session: id, inputs: feeds },
        within(() => tooLateToAnswer(timeoutMs)),
      );
      return outputs.map(toNamedTensor);
    },
    close: async () => {
      // A thread that had to be ended took its sessions along.
      if (worker.isAlive)
        await worker.call(
          { kind: "close", session: id },
          within(() => tooLateToLoad(title, timeoutMs)),
        );
      await closeOwn();
    },
  };
  return { session, opened };
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

function tooLateToLoad(title: string, timeoutMs: number): SelvedgeError {
  return new SelvedgeError(
    "model-unsupported",
    `${title} did not load the model within ${timeoutMs / 1000} s. Make it smaller, or give it more time with --timeout SECONDS.`,
  );
}

function tooLateToAnswer(timeoutMs: number): SelvedgeError {
  return new SelvedgeError(
    "golden-failed",
    `The model did not answer within ${timeoutMs / 1000} s. Give smaller inputs with --golden FILE, or more time with --timeout SECONDS; if it never answers, it cannot be packed.`,
  );
}

import { SelvedgeError } from "@selvedge/protocol";
import { bytesOfData, isRunnable, type NamedTensor, sessionData } from "../named-tensor.ts";
import type { WorkerAnswers, WorkerKind, WorkerRequest, WorkerTensor } from "./model-worker.ts";
import { currentRuntime, Runtime } from "./with-runtime.ts";

/** A model that has been loaded. */
export interface Session {
  /**
   * Inputs and outputs by name.
   *
   * @param wanted the outputs to answer with; every one where absent
   */
  run(inputs: readonly NamedTensor[], wanted?: readonly string[]): Promise<NamedTensor[]>;
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
    run: async (inputs, wanted) => {
      const feeds = inputs.map(toWorker);
      const outputs = await worker.call(
        { kind: "run", session: id, inputs: feeds, ...(wanted && { wanted }) },
        within(() => tooLateToAnswer(timeoutMs)),
      );
      return outputs.map(fromWorker);
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

/** A tensor as threads take it. @throws Error for a type that sessions do not take */
export function toWorker(tensor: NamedTensor): WorkerTensor {
  const { name, dtype, dims } = tensor;
  if (!isRunnable(dtype)) throw new Error(`a ${dtype} tensor cannot be given to a session`);
  return { name, dtype, dims, data: sessionData(tensor) };
}

/** @throws SelvedgeError `model-unsupported` for an output that no page can be handed. */
export function fromWorker({ name, dtype, dims, data }: WorkerTensor): NamedTensor {
  if (data === null || !isRunnable(dtype))
    throw new SelvedgeError(
      "model-unsupported",
      `Output "${name}" holds ${dtype}s, which cannot be handed to a page. Take it out of the model's outputs.`,
    );
  return { name, dtype, dims, bytes: bytesOfData(data) };
}

export function tooLateToLoad(title: string, timeoutMs: number): SelvedgeError {
  return new SelvedgeError(
    "model-unsupported",
    `${title} did not load the model within ${timeoutMs / 1000} s. Make it smaller, or give it more time with --timeout SECONDS.`,
  );
}

export function tooLateToAnswer(timeoutMs: number): SelvedgeError {
  return new SelvedgeError(
    "golden-failed",
    `The model did not answer within ${timeoutMs / 1000} s. Give smaller inputs with --golden FILE, or more time with --timeout SECONDS; if it never answers, it cannot be packed.`,
  );
}

import { Worker } from "node:worker_threads";
import type { TfjsArtifacts, TfjsModel } from "@selvedge/protocol";
import type { TrialRequest, TrialResult } from "../fit/trial-request.ts";
import type { ImageAnswers, ImageRequest } from "../images/image-requests.ts";
import type { FileRange } from "../registry/file-range.ts";

/** What a worker is asked; see `worker/`, which answers. */
export type WorkerRequest =
  | {
      readonly kind: "open";
      readonly session: number;
      readonly graph: Uint8Array<ArrayBuffer>;
      readonly weights: readonly (readonly [path: string, content: WeightContent])[];
      readonly optimization: Optimization;
      /** Absent: but for very large models. */
      readonly prepacking?: boolean | undefined;
    }
  | {
      readonly kind: "open-tfjs";
      readonly session: number;
      readonly format: TfjsModel["format"];
      readonly artifacts: TfjsArtifacts;
    }
  | {
      readonly kind: "run";
      readonly session: number;
      readonly inputs: readonly WorkerTensor[];
      /** The outputs to answer with; every one where absent. */
      readonly wanted?: readonly string[];
    }
  | { readonly kind: "close"; readonly session: number }
  | ImageRequest
  | TrialRequest;

/** What a worker answers, by the kind of request. */
export interface WorkerAnswers extends ImageAnswers {
  readonly open: undefined;
  readonly "open-tfjs": WorkerSignature;
  readonly run: readonly WorkerTensor[];
  readonly close: undefined;
  readonly try: TrialResult;
}

/** What TensorFlow.js says of a model's inputs and outputs. */
export interface WorkerSignature {
  readonly inputs: readonly WorkerValue[];
  readonly outputs: readonly WorkerValue[];
}

interface WorkerValue {
  readonly name: string;
  readonly dtype?: string;
  readonly dims?: readonly number[];
}

/** The scripts of threads: one for each engine, one for what is written down of an engine, one for trials. */
const SCRIPTS = {
  onnx: "run-models.mjs",
  tfjs: "run-tfjs-models.mjs",
  images: "write-images.mjs",
  trial: "try-runtime.mjs",
} as const;

/** What runs in a thread. */
export type WorkerKind = keyof typeof SCRIPTS;

/** How many operators the runtime fuses before it runs a model. */
export type Optimization = "disabled" | "basic" | "extended" | "all";

/** Bytes in memory, or those of a file, one tensor of which is read at a time. */
export type WeightContent = Uint8Array<ArrayBuffer> | FileRange;

/** A tensor on its way to a worker or back. */
export interface WorkerTensor {
  readonly name: string;
  readonly dtype: string;
  readonly dims: readonly number[];
  /** `null` where an output is nothing that JavaScript has an array for. */
  readonly data: NodeJS.TypedArray | readonly string[] | null;
}

/** How long a call may take, and what it is given up for. */
export interface CallLimits {
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
  /** Made where time runs out. */
  readonly tooLate: () => Error;
}

interface Answer {
  readonly call: number;
  readonly value?: unknown;
  readonly error?: string;
  readonly isFatal?: boolean;
}

/**
 * A thread that runs models. Nothing interrupts a model that runs, so a call that takes too long, or
 * is given up, ends the thread; every other call that waits for it fails then, and so do later ones.
 * With nothing to do, it keeps no process alive.
 */
export class ModelWorker {
  readonly #worker: Worker;
  readonly #pending = new Map<number, (answer: Answer | Error) => void>();
  #calls = 0;
  #sessions = 0;
  #end: Error | undefined;

  constructor(kind: WorkerKind) {
    // What the runtime prints is no part of what a command says.
    this.#worker = new Worker(new URL(`../../worker/${SCRIPTS[kind]}`, import.meta.url), {
      stdout: true,
      stderr: true,
    });
    this.#worker.stdout.resume();
    this.#worker.stderr.resume();
    this.#worker.on("message", (answer: Answer) => this.#settle(answer));
    this.#worker.on("error", (error) => this.#fail(error));
    this.#worker.on("exit", () => this.#fail(new Error("the runtime ended")));
  }

  get isAlive(): boolean {
    return this.#end === undefined;
  }

  /** A number that no other session of this worker has. */
  nextSession(): number {
    return this.#sessions++;
  }

  /**
   * Asks the worker. Tensors are copied.
   *
   * @throws Error in the runtime's words, `tooLate`'s, or the signal's reason.
   */
  async call<Kind extends WorkerRequest["kind"]>(
    request: Extract<WorkerRequest, { kind: Kind }>,
    { signal, timeoutMs, tooLate }: CallLimits,
  ): Promise<WorkerAnswers[Kind]> {
    signal?.throwIfAborted();
    if (this.#end !== undefined) throw this.#end;
    const call = this.#calls++;
    const giveUp = () => void this.end(signal?.reason);
    const timer = setTimeout(() => void this.end(tooLate()), timeoutMs);
    signal?.addEventListener("abort", giveUp);
    try {
      const answer = await new Promise<Answer | Error>((resolve) => {
        this.#pending.set(call, resolve);
        this.#worker.ref();
        this.#worker.postMessage({ call, ...request });
      });
      if (answer instanceof Error) throw answer;
      if (answer.error !== undefined) throw new Error(answer.error);
      // What answers is a file of this package.
      return answer.value as WorkerAnswers[Kind];
    } finally {
      this.#pending.delete(call);
      if (this.#pending.size === 0) this.#worker.unref();
      clearTimeout(timer);
      signal?.removeEventListener("abort", giveUp);
    }
  }

  /** Ends the thread, whatever it does. Calls that wait fail with `reason`. */
  async end(reason: Error = new Error("the runtime was closed")): Promise<void> {
    this.#fail(reason);
    await this.#worker.terminate();
  }

  #settle(answer: Answer): void {
    const settle = this.#pending.get(answer.call);
    if (answer.isFatal === true) void this.end(new Error(answer.error));
    settle?.(answer);
  }

  #fail(error: Error): void {
    this.#end ??= error;
    for (const settle of this.#pending.values()) settle(this.#end);
  }
}

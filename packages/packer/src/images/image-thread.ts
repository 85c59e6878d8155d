import type { ShippedHead } from "@selvedge/protocol";
import type { NamedTensor } from "../named-tensor.ts";
import { type CallLimits, ModelWorker } from "../runtime/model-worker.ts";
import { currentRuntime, Runtime } from "../runtime/with-runtime.ts";
import { fromWorker, tooLateToAnswer, tooLateToLoad, toWorker } from "../runtime/worker-session.ts";
import type { WrittenDown } from "./image-requests.ts";
import type { ImageRuntime } from "./image-runtime.ts";

/** A model, its tensors by the names that the graph knows them by. */
export interface ImageSource {
  readonly graph: Uint8Array<ArrayBuffer>;
  readonly weights: ReadonlyMap<string, Uint8Array<ArrayBuffer>>;
}

/** An image that is to be woken. */
export interface AsleepImage {
  readonly head: ShippedHead;
  readonly pages: Uint8Array;
}

/** A thread with one runtime and one session in it, both its own. */
export class ImageThread {
  readonly #worker = new ModelWorker("images");
  readonly #runtime: Runtime;

  private constructor() {
    this.#runtime = currentRuntime() ?? new Runtime({});
  }

  /** Runs something in a thread that is gone when this returns. */
  static async with<T>(
    { module, glue, facts }: ImageRuntime,
    asleep: AsleepImage | undefined,
    use: (thread: ImageThread) => Promise<T>,
  ): Promise<T> {
    const thread = new ImageThread();
    try {
      const request = { kind: "start", module, glue: glue.url, facts } as const;
      await thread.#worker.call(asleep ? { ...request, asleep } : request, thread.#loading);
      return await use(thread);
    } finally {
      await thread.#worker.end();
    }
  }

  /** Starts the runtime, and creates no session. */
  async initialise(): Promise<void> {
    await this.#worker.call({ kind: "initialise" }, this.#loading);
  }

  async create({ graph, weights }: ImageSource): Promise<void> {
    await this.#worker.call({ kind: "create", graph, weights: [...weights] }, this.#loading);
  }

  /** Wakes the session of the image that the thread was given. */
  async wake(): Promise<void> {
    await this.#worker.call({ kind: "wake" }, this.#loading);
  }

  async run(inputs: readonly NamedTensor[]): Promise<NamedTensor[]> {
    const request = { kind: "answer", inputs: inputs.map(toWorker) } as const;
    const tooLate = () => tooLateToAnswer(this.#runtime.timeoutMs);
    return (await this.#worker.call(request, { ...this.#loading, tooLate })).map(fromWorker);
  }

  /** What became of the runtime, free memory zeroed. */
  async writeDown(): Promise<WrittenDown> {
    return await this.#worker.call({ kind: "write-down" }, this.#loading);
  }

  get #loading(): CallLimits {
    const { timeoutMs, signal } = this.#runtime;
    return { timeoutMs, signal, tooLate: () => tooLateToLoad("onnxruntime-web", timeoutMs) };
  }
}

import { AsyncLocalStorage } from "node:async_hooks";
import { ModelWorker, type WorkerKind } from "./model-worker.ts";

/** What one run of a model may take, unless whoever calls says otherwise. */
const RUN_TIMEOUT_MS = 600_000;

/** What is asked of every session that is opened meanwhile. */
export interface RuntimeOptions {
  /**
   * The longest that loading a model, or running it once, may take, in milliseconds.
   *
   * @default 600,000
   */
  readonly timeoutMs?: number | undefined;
  /** Ends what runs. */
  readonly signal?: AbortSignal | undefined;
}

const current = new AsyncLocalStorage<Runtime>();

/** Where sessions are opened, and within what limits. */
export class Runtime {
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
  readonly #outer: Runtime | undefined;
  readonly #workers = new Map<WorkerKind, ModelWorker>();

  constructor({ timeoutMs = RUN_TIMEOUT_MS, signal }: RuntimeOptions, outer?: Runtime) {
    this.timeoutMs = timeoutMs;
    this.signal = signal;
    this.#outer = outer;
  }

  /**
   * The thread that models of one kind run in: started when it is first needed, and again after it had
   * to end.
   */
  worker(kind: WorkerKind): ModelWorker {
    if (this.#outer !== undefined) return this.#outer.worker(kind);
    const running = this.#workers.get(kind);
    if (running?.isAlive === true) return running;
    const worker = new ModelWorker(kind);
    this.#workers.set(kind, worker);
    return worker;
  }

  /** Lets sessions that `use` opens be opened here. */
  async around<T>(use: () => Promise<T>): Promise<T> {
    return await current.run(this, use);
  }

  /** Ends its threads; those of another are none of them. */
  async close(): Promise<void> {
    await Promise.all([...this.#workers.values()].map((worker) => worker.end()));
  }
}

/**
 * Runs models for as long as `use` takes: all sessions that it opens share one thread for each
 * engine, which starts with the first of them and is gone when this returns. Within another `withRuntime`, that one's
 * thread is used.
 *
 * @throws the signal's reason where it was aborted, whatever that made of the work.
 */
export async function withRuntime<T>(options: RuntimeOptions, use: () => Promise<T>): Promise<T> {
  const runtime = new Runtime(options, current.getStore());
  try {
    return await runtime.around(use);
  } catch (error) {
    options.signal?.throwIfAborted();
    throw error;
  } finally {
    await runtime.close();
  }
}

/** The runtime of the innermost `withRuntime` around the caller. */
export function currentRuntime(): Runtime | undefined {
  return current.getStore();
}

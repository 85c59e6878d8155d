import type { Remote } from "comlink";
import type { Build, EngineApi, EngineName, RuntimeStarted } from "../worker/engine-api.ts";
import { breaksEngine } from "../worker/engine-failure.ts";
import type { Outcome } from "../worker/outcome.ts";
import { WorkerLink } from "../worker/worker-link.ts";
import type { RuntimeShelf } from "./runtime-shelf.ts";

/** Loading a runtime; a device that needs longer than this is stuck. */
const START_TIMEOUT_MS = 120_000;

export interface EngineWorkerOptions {
  readonly spawn: () => Worker;
  /** Absolute URL of the folder that holds the runtimes' folders, with a slash at its end. */
  readonly assets: string;
  readonly shelf: RuntimeShelf;
  /** Which to load ahead, while it is not known yet which the pack needs. */
  readonly engine: EngineName;
  readonly build: Build;
}

/** How a call of an engine worker is made. */
export interface EngineCall {
  /** Milliseconds from the moment that its turn has come. Past it the worker is ended. */
  readonly timeoutMs: number;
  /** Says that the turn has come. */
  readonly onStart?: () => void;
}

/**
 * One engine worker: one build of a runtime, and the sessions that hosts open in it. Its calls are made
 * one at a time, whichever session they are for. Once ended it stays ended; its hosts start another.
 */
export class EngineWorker {
  readonly build: Build;
  /** Settles when the runtime is there. */
  readonly started: Promise<RuntimeStarted>;
  readonly #link: WorkerLink<EngineApi>;
  /** Settles when the call before the next one is done with. */
  #turn: Promise<unknown> = Promise.resolve();
  #lastSession = 0;

  constructor({ spawn, assets, shelf, engine, build }: EngineWorkerOptions) {
    this.build = build;
    const link = new WorkerLink<EngineApi>(spawn(), "engine");
    this.#link = link;
    const request = { assets, build, engine };
    this.started = shelf.start(`${engine} in ${build}`, (module) =>
      link.call((remote) => remote.start(module === undefined ? request : { ...request, module }), {
        timeoutMs: START_TIMEOUT_MS,
      }),
    );
    this.started.catch((reason: unknown) => {
      // onnxruntime's initialisation stays broken after a failure: a retry needs a new worker.
      link.end(reason instanceof Error ? reason : new Error(String(reason)));
    });
  }

  get isEnded(): boolean {
    return this.#link.isEnded;
  }

  /** A number for a session that is about to be opened. */
  nextSession(): number {
    return ++this.#lastSession;
  }

  /** Calls the worker when it is this call's turn. */
  call<T>(
    invoke: (engine: Remote<EngineApi>) => Promise<Outcome<T>>,
    { timeoutMs, onStart }: EngineCall,
  ): Promise<T> {
    const turn = this.#turn.then(async () => {
      // What waited in a worker that has ended has not been started, and is not to blame.
      if (!this.#link.isEnded) onStart?.();
      try {
        return await this.#link.call(invoke, { timeoutMs });
      } catch (error) {
        if (breaksEngine(error)) this.end(error);
        throw error;
      }
    });
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  /** Sends a message that is not answered. */
  tell(send: (engine: Remote<EngineApi>) => Promise<unknown>): void {
    this.#link.tell(send);
  }

  /** Ends the worker, and with it every session; what is pending or called later rejects with `reason`. */
  end(reason: Error): void {
    this.#link.end(reason);
  }
}

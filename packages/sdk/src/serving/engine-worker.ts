import { SelvedgeError } from "@selvedge/protocol";
import type { Remote } from "comlink";
import type {
  Backend,
  Build,
  EngineApi,
  EngineName,
  Opened,
  RuntimeStarted,
  WakeStep,
} from "../worker/engine-api.ts";
import { breaksEngine } from "../worker/engine-failure.ts";
import type { Outcome } from "../worker/outcome.ts";
import { WorkerLink } from "../worker/worker-link.ts";
import type { Ending, EngineLoad } from "./engine-load.ts";
import { type RuntimeStart, startRuntime } from "./start-runtime.ts";

export interface EngineWorkerOptions extends RuntimeStart {
  readonly spawn: () => Worker;
  /** Whether other models may open sessions in it. */
  readonly isShared: boolean;
  readonly isOnTrial: boolean;
  /** Called whenever it has been used. */
  readonly onUse: () => void;
}

/** How a call of an engine worker is made. */
export interface EngineCall {
  /** Milliseconds from the moment that its turn has come. Past it the worker is ended. */
  readonly timeoutMs: number;
  /** Says that the turn has come. */
  readonly onStart?: () => void;
}

/** A session, as far as its memory goes. */
interface Held {
  /** What the manifest says of its variant, in bytes; 0 until it is open. */
  readonly estimateBytes: number;
  /** Whether its weights are on a GPU, where nobody can measure them. */
  readonly isOnGpu: boolean;
  readonly wake: () => void;
}

/** What a session takes, in bytes. */
export interface SessionMemory {
  /** What its worker holds: WebAssembly's memory, and an estimate of what is on a GPU. */
  readonly engineBytes: number;
  /** How many other sessions are in the same worker. */
  readonly sharedWith: number;
  /** Its part of `engineBytes`, by what each session is estimated at. */
  readonly shareBytes: number;
}

/**
 * One engine worker: one build of a runtime, and the sessions that hosts open in it. Its calls are made
 * one at a time, whichever session they are for. Once ended it stays ended; its hosts start another.
 */
export class EngineWorker implements EngineLoad {
  readonly build: Build;
  readonly engine: EngineName;
  readonly wake: WakeStep;
  readonly isFull: boolean;
  /** Settles when the runtime is there. */
  readonly started: Promise<RuntimeStarted>;
  isShared: boolean;
  isOnTrial: boolean;
  usedAt: number = performance.now();
  openedBytes = 0;
  peakHeldBytes = 0;
  runs = 0;
  readonly #link: WorkerLink<EngineApi>;
  readonly #onUse: () => void;
  readonly #held = new Map<number, Held>();
  /** Settles when the call before the next one is done with. */
  #turn: Promise<unknown> = Promise.resolve();
  #lastSession = 0;
  /** Calls that run or wait, and the start of the runtime. */
  #pending = 1;
  /** As the worker told last. */
  #engineBytes: number | undefined;
  /** Whether a session was opened since it last told: its first run shows what that really takes. */
  #isFresh = false;
  #retirement: Error | undefined;

  constructor({ spawn, isShared, isOnTrial, onUse, ...start }: EngineWorkerOptions) {
    const { build, engine, wake, isFull } = start;
    this.build = build;
    this.engine = engine;
    this.wake = wake;
    this.isFull = isFull;
    this.isShared = isShared;
    this.isOnTrial = isOnTrial;
    this.#onUse = onUse;
    const link = new WorkerLink<EngineApi>(spawn(), "engine");
    this.#link = link;
    this.started = startRuntime(link, start);
    this.started
      .catch((reason: unknown) => {
        // onnxruntime's initialisation stays broken after a failure: a retry needs a new worker.
        link.end(reason instanceof Error ? reason : new Error(String(reason)));
      })
      .finally(() => this.#settled());
  }

  /** Whether it takes no more sessions and calls. */
  get isEnded(): boolean {
    return this.#link.isEnded || this.#retirement !== undefined;
  }

  /** What it failed with, where it was not ended to give memory back. */
  get failure(): SelvedgeError | undefined {
    const { endedBy } = this.#link;
    const isFailure = endedBy instanceof SelvedgeError && this.#retirement === undefined;
    return isFailure ? endedBy : undefined;
  }

  get isBusy(): boolean {
    return this.#pending > 0;
  }

  get sessions(): number {
    return this.#held.size;
  }

  get heldBytes(): number {
    return [...this.#held.values()].reduce((sum, { estimateBytes }) => sum + estimateBytes, 0);
  }

  get bytes(): number {
    const onGpu = [...this.#held.values()]
      .filter(({ isOnGpu }) => isOnGpu)
      .reduce((sum, { estimateBytes }) => sum + estimateBytes, 0);
    return this.#engineBytes === undefined ? this.heldBytes : this.#engineBytes + onGpu;
  }

  /** A number for a session that is about to be opened. */
  nextSession(): number {
    const session = ++this.#lastSession;
    this.#held.set(session, { estimateBytes: 0, isOnGpu: false, wake: () => undefined });
    return session;
  }

  /**
   * Keeps account of a session that has been opened.
   *
   * @param wake opens it again, elsewhere, once this worker has ended
   */
  hold(
    session: number,
    { variants, dtype, engine, bytes }: Opened,
    { backend, wake }: { readonly backend: Backend; readonly wake: () => void },
  ): void {
    const variant = variants.find(
      (one) => one.dtype === dtype && one.engine === engine && one.backends.includes(backend),
    );
    const estimateBytes = variant?.memoryBytes ?? bytes;
    this.#held.set(session, { estimateBytes, isOnGpu: backend === "webgpu", wake });
    this.peakHeldBytes = Math.max(this.peakHeldBytes, this.heldBytes);
    this.openedBytes = this.bytes;
    this.#isFresh = true;
  }

  /** Forgets a session. Answers whether others are left. */
  release(session: number): boolean {
    this.#held.delete(session);
    return this.#held.size > 0;
  }

  /** What a session takes of what the worker holds. */
  memoryOf(session: number): SessionMemory {
    const { bytes, heldBytes } = this;
    const { estimateBytes = 0 } = this.#held.get(session) ?? {};
    const share = heldBytes === 0 ? 1 / this.sessions : estimateBytes / heldBytes;
    const shareBytes = Math.round(bytes * share);
    return { engineBytes: bytes, sharedWith: this.sessions - 1, shareBytes };
  }

  /** Calls the worker when it is this call's turn. */
  call<T>(
    invoke: (engine: Remote<EngineApi>) => Promise<Outcome<T>>,
    { timeoutMs, onStart }: EngineCall,
  ): Promise<T> {
    this.#pending++;
    const turn = this.#turn.then(async () => {
      // What waited in a worker that has ended has not been started, and is not to blame.
      if (!this.#link.isEnded) onStart?.();
      try {
        const value = await this.#link.call(invoke, { timeoutMs });
        this.runs++;
        this.#note(engineBytesIn(value));
        return value;
      } catch (error) {
        if (breaksEngine(error)) this.end(error);
        throw error;
      }
    });
    this.#turn = turn.catch(() => undefined).then(() => this.#settled());
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

  /**
   * Takes no more calls, and ends once those that were made are answered. The session of a recycled one
   * that was opened last is opened again, ahead of its next call.
   */
  retire(how: Ending): void {
    this.#retirement ??= new SelvedgeError(
      "engine-crashed",
      `The engine worker was ${how} to give memory back. The next call starts another.`,
    );
    this.#endWhenDone();
    if (how === "recycled") [...this.#held.values()].at(-1)?.wake();
  }

  #note(engineBytes: number | undefined): void {
    if (engineBytes === undefined) return;
    this.#engineBytes = engineBytes;
    if (this.#isFresh) this.openedBytes = this.bytes;
    this.#isFresh = false;
  }

  #settled(): void {
    this.#pending--;
    this.usedAt = performance.now();
    this.#endWhenDone();
    this.#onUse();
  }

  /** A host that found the worker living a moment ago makes its call before the next task. */
  #endWhenDone(): void {
    const reason = this.#retirement;
    if (reason === undefined) return;
    setTimeout(() => {
      if (this.#pending === 0) this.end(reason);
    });
  }
}

/** What a worker holds, which it tells with whatever it has opened or run. */
function engineBytesIn(value: unknown): number | undefined {
  return typeof value === "object" && value !== null && "engineBytes" in value
    ? finite(value.engineBytes)
    : undefined;
}

function finite(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}

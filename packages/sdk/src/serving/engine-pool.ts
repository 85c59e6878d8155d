import type { EngineName, ImageAt, Place, WakeStep } from "../worker/engine-api.ts";
import { bytesOf, endingsOf, leastLoaded, REST_MS } from "./engine-load.ts";
import { EngineWorker, type EngineWorkerOptions } from "./engine-worker.ts";
import { type MemoryBudget, memoryBudgetOf } from "./memory-budget.ts";
import { RuntimeShelf } from "./runtime-shelf.ts";

/** Releasing a session; a worker that needs longer than this is stuck. */
const CLOSE_TIMEOUT_MS = 10_000;

export interface EnginePoolOptions extends Pick<EngineWorkerOptions, "spawn" | "assets" | "shelf"> {
  /** @default what suits the device */
  readonly budget?: MemoryBudget;
}

/**
 * How a worker is had that nothing else runs in. Of those that nobody waits for there is one at a time on
 * a page: opening waits for its turn. What someone waits for, or has the turn already, is opened at once.
 * The others are opened at once, too: `afresh`, as on the next visit; `to-wake`, where there is an image;
 * `to-write`, so that an image can be made.
 */
export type OwnWorker = "in-turn" | "at-once" | "afresh" | "to-wake" | "to-write";

/** How a worker is wanted. */
interface WorkerTerms {
  /** Where nothing else may run in it, as for a proof or a contest. */
  readonly own?: OwnWorker | undefined;
  /** What may be woken in it. @default "none" */
  readonly wake?: WakeStep;
  /** Where the image is that is likely woken. */
  readonly image?: ImageAt | undefined;
  /** Whether it has to have all of the runtime. */
  readonly isFull?: boolean;
  /** Whether it is to wake what may come with a pack: of no use where the page has the runtime already. */
  readonly isFirst?: boolean;
}

/**
 * Gives hosts the workers that they open their sessions in: one each, while there are fewer than the page
 * should have, and after that one that others are in too. It keeps all of them within the memory budget:
 * what was used longest ago ends between two calls, and its hosts open it again with their next.
 */
export class EnginePool {
  readonly budget: MemoryBudget;
  readonly #options: Pick<EngineWorkerOptions, "spawn" | "assets" | "shelf">;
  #workers: readonly EngineWorker[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Settles when whoever has a worker alone is done with it, and all who wait before the next. */
  #alone: Promise<void> = Promise.resolve();

  constructor({ budget = memoryBudgetOf({}, navigator), ...options }: EnginePoolOptions) {
    this.budget = budget;
    this.#options = options;
  }

  /** The workers that live. */
  get workers(): readonly EngineWorker[] {
    this.#workers = this.#workers.filter(({ isEnded }) => !isEnded);
    return this.#workers;
  }

  /** What all of them hold. */
  get bytes(): number {
    return bytesOf(this.workers);
  }

  /**
   * A worker that has, or is about to have, the runtime for a place. A session on WebGPU has one to
   * itself, as a GPU that is lost takes its worker along, and so has one that is woken: models that come
   * when there are as many workers as there should be share theirs, and are loaded.
   */
  take(
    engine: EngineName,
    { backend, build }: Place,
    { own, wake: wanted = "none", image, isFull = false, isFirst = false }: WorkerTerms = {},
  ): EngineWorker {
    const serving = this.workers.filter((worker) => !worker.isOnTrial && worker.build === build);
    const hasRoom = own !== undefined || serving.length < this.budget.engines;
    const isThere = isFirst && this.#options.shelf.isStocked;
    const wake = hasRoom && !isThere ? wanted : "none";
    const isShared = backend === "wasm" && own === undefined && wake === "none";
    const others = serving.filter((worker) => worker.isShared && (worker.isFull || !isFull));
    // Where all of them were woken, one more has to be started for those that share.
    const isTaken = isShared && serving.length >= this.budget.engines;
    const alike = others.filter((worker) => worker.engine === engine);
    const found = isTaken ? leastLoaded(alike.length > 0 ? alike : others) : undefined;
    if (found !== undefined) return found;
    const onUse = () => this.#settleIn(REST_MS);
    // As on the next visit, whose page has compiled nothing yet.
    const isAfresh = own === "afresh" || own === "to-wake" || own === "to-write";
    const worker = new EngineWorker({
      ...this.#options,
      ...(isAfresh ? { shelf: new RuntimeShelf() } : {}),
      engine,
      build,
      isShared,
      isOnTrial: own !== undefined,
      wake,
      image,
      isFull,
      isForImage: own === "to-write",
      onUse,
    });
    this.#workers = [...this.workers, worker];
    return worker;
  }

  /**
   * Waits for the turn to have a worker that nothing else runs in. A page with fifty models would
   * otherwise prove all of them at once, ten seconds after it has loaded them.
   *
   * @returns what ends the turn
   */
  async alone(): Promise<() => void> {
    const before = this.#alone;
    const { promise, resolve } = newTurn();
    this.#alone = promise;
    await before;
    return resolve;
  }

  /** Takes a worker back from a host: its session is not used any more. With the last one it ends. */
  giveBack(worker: EngineWorker, session: number, reason: Error): void {
    const isShared = worker.release(session);
    if (!isShared) worker.end(reason);
    else if (!worker.isEnded)
      worker
        .call((engine) => engine.close(session), { timeoutMs: CLOSE_TIMEOUT_MS })
        .catch(() => undefined);
  }

  #settleIn(milliseconds: number): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#settle();
    }, milliseconds);
  }

  #settle(): void {
    const now = performance.now();
    for (const [worker, ending] of endingsOf(this.workers, this.budget, now)) worker.retire(ending);
    // What is too young to end now may be due once it has rested.
    if (this.workers.some(({ usedAt }) => now - usedAt < REST_MS)) this.#settleIn(REST_MS);
  }
}

function newTurn(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve = () => {};
  const promise = new Promise<void>((end) => {
    resolve = end;
  });
  return { promise, resolve };
}

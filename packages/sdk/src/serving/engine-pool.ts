import type { EngineName, Place } from "../worker/engine-api.ts";
import { EngineWorker, type EngineWorkerOptions } from "./engine-worker.ts";

/** Gives hosts the workers that they open their sessions in. */
export class EnginePool {
  readonly #options: Pick<EngineWorkerOptions, "spawn" | "assets" | "shelf">;

  constructor(options: Pick<EngineWorkerOptions, "spawn" | "assets" | "shelf">) {
    this.#options = options;
  }

  /** A worker that has, or is about to have, the runtime for a place. */
  take(engine: EngineName, { build }: Place): EngineWorker {
    return new EngineWorker({ ...this.#options, engine, build });
  }

  /** Takes a worker back from a host: its session is not used any more. */
  giveBack(worker: EngineWorker, _session: number, reason: Error): void {
    worker.end(reason);
  }
}

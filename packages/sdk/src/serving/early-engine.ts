import type { HeadStart } from "../worker/engine-api.ts";

/**
 * The engine worker that is started before there is anything to give it out: its script is what takes
 * longest, and needs nothing of the chunk that does.
 */
export class EarlyEngine {
  readonly #spawn: () => Worker;
  #worker: Worker | undefined;

  constructor(spawn: () => Worker) {
    this.#spawn = spawn;
  }

  /** @param headStart what it does at once */
  start(headStart?: HeadStart): void {
    const worker = this.#spawn();
    this.#worker = worker;
    if (headStart !== undefined) worker.postMessage({ headStart });
    // One that fails before anybody listens would be waited for in vain.
    worker.addEventListener("error", (event) => {
      if (this.#worker !== worker) return;
      event.preventDefault();
      this.end();
    });
  }

  /** The one that was started, the first time; another after that. */
  take(): Worker {
    const worker = this.#worker ?? this.#spawn();
    this.#worker = undefined;
    return worker;
  }

  /** Ends it, where nobody has taken it. */
  end(): void {
    this.#worker?.terminate();
    this.#worker = undefined;
  }
}

import type { Backend, RuntimeStarted } from "../worker/engine-api.ts";

/**
 * Compiled runtimes, kept on the page so that the next worker need not compile again: half a second
 * less for a second model, or for a restart after a crash.
 */
export class RuntimeShelf {
  readonly #modules = new Map<Backend, Promise<WebAssembly.Module>>();

  /**
   * Starts a runtime in a worker. The first to start one compiles it; those that come meanwhile wait
   * for its Module; if that failed, the first of them compiles.
   */
  start(
    backend: Backend,
    start: (module: WebAssembly.Module | undefined) => Promise<RuntimeStarted>,
  ): Promise<RuntimeStarted> {
    const kept = this.#modules.get(backend);
    if (kept !== undefined) return kept.then(start, () => this.start(backend, start));
    const started = start(undefined);
    const module = started.then((runtime) => runtime.module);
    this.#modules.set(backend, module);
    module.catch(() => this.#modules.delete(backend));
    return started;
  }
}

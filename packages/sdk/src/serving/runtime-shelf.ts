import type { EarlyWasm, RuntimeStarted, WasmKind } from "../worker/engine-api.ts";

/**
 * Compiled runtimes, kept on the page so that the next worker need not compile again: half a second
 * less for a second model, or for a restart after a crash.
 */
export class RuntimeShelf {
  readonly #modules = new Map<string, Promise<WebAssembly.Module>>();
  /** Of those that were fitted to some models. */
  readonly #kinds = new WeakMap<WebAssembly.Module, WasmKind>();
  #running: EarlyWasm | undefined;

  /** What only runs engines that are woken, where one has been. No other worker can be started with it. */
  get running(): EarlyWasm | undefined {
    return this.#running;
  }

  /** Whether a runtime is there, or is about to be. */
  get isStocked(): boolean {
    return this.#modules.size > 0;
  }

  /**
   * Starts a runtime in a worker. The first to start one compiles it; those that come meanwhile wait
   * for its Module; if that failed, or was given up, the first of them compiles.
   *
   * @param kind which of the runtimes, each of which has a Module of its own
   */
  start(
    kind: string,
    start: (module: WebAssembly.Module | undefined) => Promise<RuntimeStarted>,
  ): Promise<RuntimeStarted> {
    const kept = this.#modules.get(kind);
    if (kept !== undefined) return kept.then(start, () => this.start(kind, start));
    const started = start(undefined);
    const module = started.then((runtime) => {
      if (runtime.module === undefined) throw new Error("given up for another runtime");
      this.#note(runtime.module, runtime);
      return runtime.module;
    });
    this.#modules.set(kind, module);
    module.catch(() => this.#modules.delete(kind));
    return started;
  }

  /** Keeps the Module of a start that waited for nobody, where it has one and none is kept yet. */
  keep(kind: string, started: Promise<RuntimeStarted>): Promise<RuntimeStarted> {
    started
      .then((runtime) => {
        const { module, wasm, fitted } = runtime;
        if (wasm === "run" && fitted !== undefined)
          this.#running = { ...fitted, ...(module && { module }) };
        if (module === undefined || wasm === "run" || this.#modules.has(kind)) return;
        this.#note(module, runtime);
        this.#modules.set(kind, Promise.resolve(module));
      })
      .catch(() => undefined);
    return started;
  }

  /** What a Module is that came from here, where it is not all of its runtime. */
  kindOf(module: WebAssembly.Module): WasmKind | undefined {
    return this.#kinds.get(module);
  }

  #note(module: WebAssembly.Module, { wasm }: RuntimeStarted): void {
    if (wasm !== undefined) this.#kinds.set(module, wasm);
  }
}

import { SelvedgeError } from "@selvedge/protocol";
import type { EngineName, RuntimeLoaded, RuntimeRequest } from "../worker/engine-api.ts";
import type { EngineRuntime } from "./engine-session.ts";
import { loadOnnxRuntime } from "./onnx/onnx-runtime.ts";
import { loadTfjsRuntime } from "./tfjs/tfjs-runtime.ts";

/** How each engine's runtime is loaded. */
export type RuntimeLoads = Readonly<
  Record<EngineName, (request: RuntimeRequest, signal: AbortSignal) => Promise<EngineRuntime>>
>;

interface Load {
  readonly runtime: Promise<EngineRuntime>;
  readonly giveUp: AbortController;
}

/**
 * Loads the runtime that a pack needs. The usual one is loaded ahead, before it is known which that
 * is; where it turns out to be another, what is left of the first is given up.
 */
export class RuntimeLoader {
  readonly #loaders: RuntimeLoads;
  readonly #loads = new Map<EngineName, Load>();
  readonly #loaded = new Set<EngineRuntime>();
  /** The engine that is needed, once that is known. */
  #needed: EngineName | undefined;
  #receive: (request: RuntimeRequest) => void = () => undefined;
  // A pack may be opened first: the page holds the start back while another worker compiles the wasm.
  readonly #request = new Promise<RuntimeRequest>((resolve) => {
    this.#receive = resolve;
  });

  constructor(loaders: RuntimeLoads = { onnx: loadOnnxRuntime, tfjs: loadTfjsRuntime }) {
    this.#loaders = loaders;
  }

  /** WebAssembly's memory of whatever has been loaded. */
  get bytes(): number {
    return [...this.#loaded].reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** Says where runtimes lie, and loads the one that is asked for, or needed. */
  async start(request: RuntimeRequest): Promise<RuntimeLoaded> {
    const first = this.#needed ?? request.engine;
    const { runtime } = this.#load(first, request);
    this.#receive(request);
    try {
      const { module, ...times } = await runtime.then(timesOf);
      return first === request.engine ? { module, ...times } : times;
    } catch (error) {
      const needed = this.#needed ?? first;
      if (needed === first) throw error;
      const { module: _, ...times } = timesOf(await this.#load(needed, request).runtime);
      return times;
    }
  }

  /** The runtime of an engine. */
  async need(engine: EngineName): Promise<EngineRuntime> {
    this.#needed = engine;
    const request = await this.#request;
    for (const [other, { giveUp }] of this.#loads)
      if (other !== engine) giveUp.abort(new SelvedgeError("closed", `${other} is not needed.`));
    return this.#load(engine, request).runtime;
  }

  #load(engine: EngineName, { module, ...request }: RuntimeRequest): Load {
    const known = this.#loads.get(engine);
    if (known !== undefined) return known;
    const giveUp = new AbortController();
    // The Module that came along is that of the engine that was asked for.
    const given = module !== undefined && engine === request.engine ? { module } : {};
    const runtime = this.#loaders[engine]({ ...request, ...given }, giveUp.signal);
    runtime.then((loaded) => this.#loaded.add(loaded)).catch(() => undefined);
    const load = { runtime, giveUp };
    this.#loads.set(engine, load);
    return load;
  }
}

function timesOf({ module, compileMs, importMs }: EngineRuntime) {
  return { module, compileMs, importMs };
}

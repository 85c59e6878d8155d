import { SelvedgeError } from "@selvedge/protocol";
import type { EngineName, RuntimeLoaded, RuntimeRequest } from "../worker/engine-api.ts";
import type { EngineRuntime, WasmFound } from "./engine-session.ts";
import { USUAL, type WasmPlan } from "./image/wasm-plan.ts";
import type { EarlyModule } from "./onnx/early-module.ts";
import { loadOnnxRuntime } from "./onnx/onnx-runtime.ts";
import { loadTfjsRuntime } from "./tfjs/tfjs-runtime.ts";

/** What is asked for, and what the worker has begun already. */
export interface RuntimeStart extends RuntimeRequest {
  /** The wasm of `early`. */
  readonly begun?: EarlyModule | undefined;
}

/** How a runtime is loaded. What does not depend on the plan need not wait for it. */
type LoadRuntime = (
  request: RuntimeStart,
  signal: AbortSignal,
  plan: Promise<WasmPlan>,
) => Promise<EngineRuntime>;

/** How each engine's runtime is loaded. */
export type RuntimeLoads = Readonly<Record<EngineName, LoadRuntime>>;

/** What a worker does that was not told to be patient. */
const AT_ONCE: WasmPlan = { wasm: USUAL, reason: "the worker was not started to wake anything" };

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
  readonly #planAhead: (request: RuntimeRequest) => WasmPlan | Promise<WasmPlan>;
  readonly #loads = new Map<EngineName, Load>();
  readonly #loaded = new Set<EngineRuntime>();
  /** The engine that is needed, once that is known. */
  #needed: EngineName | undefined;
  #hasPlan = false;
  #decide: (plan: WasmPlan | Promise<WasmPlan>) => void = () => undefined;
  readonly #plan = new Promise<WasmPlan>((resolve) => {
    this.#decide = resolve;
  });
  #receive: (request: RuntimeRequest) => void = () => undefined;
  // A pack may be opened first: the page holds the start back while another worker compiles the wasm.
  readonly requested: Promise<RuntimeRequest> = new Promise((resolve) => {
    this.#receive = resolve;
  });

  /** @param planAhead which wasm to compile while nothing is known of the pack */
  constructor(
    planAhead: (request: RuntimeRequest) => WasmPlan | Promise<WasmPlan> = () => AT_ONCE,
    loaders: RuntimeLoads = { onnx: loadOnnxRuntime, tfjs: loadTfjsRuntime },
  ) {
    this.#planAhead = planAhead;
    this.#loaders = loaders;
  }

  /** Whether it has been decided which wasm to compile. */
  get hasPlan(): boolean {
    return this.#hasPlan;
  }

  /** Of onnxruntime, where it is there. */
  get wasm(): WasmFound | undefined {
    return [...this.#loaded].find(({ wasm }) => wasm !== undefined)?.wasm;
  }

  /** Says which wasm to compile. The first to say so is heard. */
  plan(plan: WasmPlan | Promise<WasmPlan>): void {
    this.#hasPlan = true;
    this.#decide(plan);
  }

  /** WebAssembly's memory of whatever has been loaded. */
  get bytes(): number {
    return [...this.#loaded].reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** Says where runtimes lie, and loads the one that is asked for, or needed. */
  async start(request: RuntimeStart): Promise<RuntimeLoaded> {
    if (request.isPatient !== true && request.isForImage !== true)
      this.plan(this.#planAhead(request));
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

  /** The runtime of an engine. It is loaded as was planned, or as usual where nothing was. */
  async need(engine: EngineName): Promise<EngineRuntime> {
    this.#needed = engine;
    const request = await this.requested;
    if (!this.#hasPlan) this.plan(this.#planAhead(request));
    for (const [other, { giveUp }] of this.#loads)
      if (other !== engine) giveUp.abort(new SelvedgeError("closed", `${other} is not needed.`));
    return this.#load(engine, request).runtime;
  }

  #load(engine: EngineName, { module, wasm, ...request }: RuntimeStart): Load {
    const known = this.#loads.get(engine);
    if (known !== undefined) return known;
    const giveUp = new AbortController();
    // The Module that came along is that of the engine that was asked for.
    const isOfEngine = module !== undefined && engine === request.engine;
    const given = isOfEngine ? { module, ...(wasm === undefined ? {} : { wasm }) } : {};
    const runtime = this.#loaders[engine]({ ...request, ...given }, giveUp.signal, this.#plan);
    runtime.then((loaded) => this.#loaded.add(loaded)).catch(() => undefined);
    const load = { runtime, giveUp };
    this.#loads.set(engine, load);
    return load;
  }
}

function timesOf({ module, compileMs, importMs, wasm }: EngineRuntime) {
  if (wasm === undefined) return { module, compileMs, importMs };
  const { kind, plan } = wasm;
  const { file, sha256 } = plan.wasm.ref ?? {};
  const isFitted = kind !== "full" && file !== undefined && sha256 !== undefined;
  return { module, compileMs, importMs, wasm: kind, ...(isFitted && { fitted: { file, sha256 } }) };
}

import type { SelvedgeError } from "@selvedge/protocol";
import type { LoadOptions } from "../options.ts";
import { whenIdle } from "../proving/when-idle.ts";
import type { EngineHostOptions } from "./engine-host.ts";
import { EngineHost } from "./engine-host.ts";
import { EnginePool } from "./engine-pool.ts";
import { loadModel } from "./load-model.ts";
import type { LoadRooms } from "./load-rooms.ts";
import type { MemoryBudget } from "./memory-budget.ts";
import type { Model } from "./model.ts";
import type { PageMemory } from "./page-memory.ts";
import { RuntimeShelf } from "./runtime-shelf.ts";

/** What a page's models are served with. */
export interface ServingOptions
  extends Pick<
    LoadRooms,
    "registry" | "anchors" | "keeper" | "cache" | "reporter" | "predictions"
  > {
  /** Absolute URL of the folder that holds the runtimes' folders, with a slash at its end. */
  readonly assets: string;
  readonly spawn: () => Worker;
  readonly budget: MemoryBudget;
}

/** All models of a page, and the engines that they run in. Loaded with the first model. */
export class Serving {
  readonly #rooms: LoadRooms;
  readonly #hosts = new Set<EngineHost>();
  readonly #models = new Set<Model>();
  readonly #pool: EnginePool;
  #ended: SelvedgeError | undefined;

  constructor({ assets, spawn, budget, ...rooms }: ServingOptions) {
    const { keeper, reporter } = rooms;
    const pool = new EnginePool({ spawn, assets, budget, shelf: new RuntimeShelf() });
    this.#pool = pool;
    const recover: EngineHostOptions["recover"] = (pack, signal) =>
      keeper.call((remote, call) => remote.restore(call, pack), signal);
    const onRestart: EngineHostOptions["onRestart"] = (host, failure) =>
      reporter.restarted(host, failure);
    // Its own chunk, and in its own time: no page waits for what is counted, or checked.
    const onStart: EngineHostOptions["onStart"] = (host, event) => {
      const { isIdle } = host;
      whenIdle()
        .then(() => import("./after-start.ts"))
        .then(
          ({ afterStart }) => afterStart(reporter, host, { event, isIdle }),
          () => undefined,
        );
    };
    const hooks = { recover, onRestart, onStart, mayWake: rooms.cache?.images !== false };
    this.#rooms = {
      ...rooms,
      newHost: (place, trust, own) => {
        // A load that was asking for a GPU meanwhile must not start what no one would end.
        if (this.#ended !== undefined) throw this.#ended;
        const onDispose = () => this.#hosts.delete(host);
        const host = new EngineHost({ place, trust, own, pool, onDispose, ...hooks });
        this.#hosts.add(host);
        return host;
      },
      alone: () => pool.alone(),
      onDispose: (model) => this.#models.delete(model),
      gpu: {},
    };
  }

  /** Those that are loaded. */
  get models(): Iterable<Model> {
    return this.#models;
  }

  /** @param options with the moment `load` was called, by `performance.now()` */
  async load<Name extends string>(
    name: Name,
    options: LoadOptions & { readonly calledAt: number },
  ): Promise<Model<Name>> {
    const model = await loadModel(this.#rooms, name, options);
    this.#models.add(model);
    if (this.#ended === undefined) return model;
    await model.dispose();
    throw this.#ended;
  }

  /** What all of it takes, and what each model does. */
  get memory(): PageMemory {
    const { budget, bytes, workers } = this.#pool;
    return {
      budgetBytes: budget.budgetBytes,
      usedBytes: bytes,
      engines: workers.map(({ build, bytes, sessions }) => ({ build, bytes, sessions })),
      models: [...this.#models].map(({ info: { name, version, backend, memory } }) => ({
        name,
        version,
        backend,
        ...memory,
      })),
    };
  }

  /** Disposes of every model, and ends every engine. */
  async end(reason: SelvedgeError): Promise<void> {
    this.#ended = reason;
    for (const model of [...this.#models]) await model.dispose();
    for (const host of [...this.#hosts]) host.dispose(reason);
  }
}

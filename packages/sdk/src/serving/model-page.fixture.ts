import { vi } from "vitest";
import { REGISTRY } from "../delivery/registry.fixture.ts";
import type { LoadOptions } from "../options.ts";
import { Reporter } from "../telemetry/reporter.ts";
import type { Place } from "../worker/engine-api.ts";
import { KeeperClient } from "../worker/keeper-client.ts";
import { EngineHost } from "./engine-host.ts";
import { EnginePool } from "./engine-pool.ts";
import { loadModel } from "./load-model.ts";
import type { LoadRooms, Pace } from "./load-rooms.ts";
import type { Model } from "./model.ts";
import { RuntimeShelf } from "./runtime-shelf.ts";

const NEVER = 2 ** 30;

interface PageOptions {
  /** Starts an engine worker. */
  readonly spawn: () => Worker;
  /** Nothing is proven or checked by itself, unless this says when. */
  readonly pace: Partial<Pace>;
  /** A line for each failure that the page tells of, and for each candidate that it rejects. */
  readonly failures: string[];
  readonly rejections: string[];
}

/** A page with a real keeper, and engines of a test's, over the store that there is. */
export class ModelPage {
  readonly keeper: KeeperClient;
  readonly pool: EnginePool;
  readonly #rooms: LoadRooms;
  readonly #models: Model[] = [];

  constructor({ spawn, pace, failures, rejections }: PageOptions) {
    this.keeper = new KeeperClient(
      () =>
        new Worker(new URL("../worker/keeper-without-network.fixture.ts", import.meta.url), {
          type: "module",
        }),
      { registry: REGISTRY },
    );
    const pool = new EnginePool({
      assets: "https://assets.test/",
      shelf: new RuntimeShelf(),
      spawn,
    });
    this.pool = pool;
    const reporter = new Reporter({ telemetry: undefined, service: "test" });
    vi.spyOn(reporter.recorder, "failed").mockImplementation((_subject, operation, code) => {
      failures.push(`${operation}: ${code}`);
    });
    vi.spyOn(reporter.recorder, "rejected").mockImplementation(({ dtype, backend }, reason) => {
      rejections.push(`${dtype} on ${backend}: ${reason}`);
    });
    this.#rooms = {
      registry: REGISTRY,
      anchors: undefined,
      keeper: this.keeper,
      reporter,
      newHost: (place: Place) => new EngineHost({ place, pool, onDispose: () => undefined }),
      alone: () => pool.alone(),
      onDispose: () => undefined,
      pace: { proveAfterMs: NEVER, checkEveryMs: NEVER, ...pace },
    };
  }

  async load(options: LoadOptions = {}): Promise<Model> {
    const model = await loadModel(this.#rooms, "tiny", options);
    this.#models.push(model);
    return model;
  }

  async close(): Promise<void> {
    for (const model of this.#models) await model.dispose();
    this.keeper.end(new Error("the test is over"));
  }
}

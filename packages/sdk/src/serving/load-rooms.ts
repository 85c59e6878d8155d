import type { Predictions } from "../predictions/predictions.ts";
import type { GpuMemory } from "../proving/gpu.ts";
import type { Reporter } from "../telemetry/reporter.ts";
import type { Place } from "../worker/engine-api.ts";
import type { CachePolicy } from "../worker/keeper-api.ts";
import type { KeeperClient } from "../worker/keeper-client.ts";
import type { EngineHost } from "./engine-host.ts";
import type { OwnWorker } from "./engine-pool.ts";
import type { Model } from "./model.ts";

/** The rooms that loading goes through. */
export interface LoadRooms {
  readonly registry: string;
  /** Whose signatures are believed, as the keeper reads it; absent where none is looked at. */
  readonly anchors: string | undefined;
  readonly keeper: KeeperClient;
  /** What the app allows models, and images of their engines, to take on this device. */
  readonly cache?: CachePolicy | undefined;
  readonly reporter: Reporter;
  /** What writes predictions down. */
  readonly predictions?: Predictions;
  /** Makes a host that ends with the handle; `own`: in a worker that nothing else runs in. */
  readonly newHost: (place: Place, trust: string | undefined, own?: OwnWorker) => EngineHost;
  /** Waits for the turn to have a worker that nothing else runs in; answers with what ends it. */
  readonly alone: () => Promise<() => void>;
  readonly onDispose: (model: Model) => void;
  /** The GPU, as the first model that asked found it. */
  readonly gpu?: GpuMemory;
  /** How long what may wait does wait. */
  readonly pace?: Pace;
}

/** Milliseconds. */
export interface Pace {
  /**
   * From the first answer to proving a pack that serves unproven. Its engine takes memory and a core
   * that a page which has just opened wants for itself.
   */
  readonly proveAfterMs: number;
  /** Between two times that an open page asks the registry. */
  readonly checkEveryMs: number;
  /**
   * What one step of proving a candidate may take: it is given up then.
   * @default 120000
   */
  readonly trialMs?: number;
  /**
   * From the last run of an engine that was woken on trial to its end: browsers write their code caches
   * some time after code has been compiled for good, as long as its worker lives.
   * @default 3000
   */
  readonly cachedAfterMs?: number;
  /**
   * From a GPU's loss, of answers without a failure, to trying it again; twice as many for each time after.
   * @default 60000
   */
  readonly restMs?: number;
}

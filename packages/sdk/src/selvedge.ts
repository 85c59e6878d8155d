import { SelvedgeError } from "@selvedge/protocol";
import type { Diagnosis } from "./diagnosis/diagnose.ts";
import { LoadFailures } from "./diagnosis/load-failures.ts";
import { ModelCache } from "./model-cache.ts";
import type { ModelName } from "./model-types.ts";
import { checkNames, type LoadOptions, readOptions, type SelvedgeOptions } from "./options.ts";
import { EngineHost } from "./serving/engine-host.ts";
import { loadModel, requireCapable, selectorOf } from "./serving/load-model.ts";
import type { Model } from "./serving/model.ts";
import { RuntimeShelf } from "./serving/runtime-shelf.ts";
import { Reporter } from "./telemetry/reporter.ts";
import type { Availability, PackSelector } from "./worker/keeper-api.ts";
import { KeeperClient } from "./worker/keeper-client.ts";
import { spawnEngine, spawnKeeper } from "./worker/spawn.ts";

/** How long closing waits for a collector. */
const LAST_FLUSH_MS = 2_000;

/** A page's Selvedge. Everything it started ends with `close`. */
export interface Selvedge {
  /** What this device keeps of models. */
  readonly cache: ModelCache;
  readonly telemetry: {
    /** Sends what was measured so far, instead of in a few seconds. */
    flush(): Promise<void>;
  };
  /**
   * Fetches what the device lacks of a model, verifies it, stores it, and starts it in a worker. On a
   * later visit nothing is fetched, and nothing is waited for but the device itself.
   *
   * @throws SelvedgeError whose `code` says why; what was stored stays usable.
   * @throws AbortError when the signal fires; what was fetched is kept.
   */
  load<Name extends ModelName>(name: Name, options?: LoadOptions): Promise<Model<Name>>;
  /** Whether a model can be used here, and how many bytes that would fetch. */
  availability(name: ModelName, options?: LoadOptions): Promise<Availability>;
  /**
   * Looks at what this device is, what was tried on it, and what was turned down and why. Fetches
   * nothing but headers of the runtime's files; nothing of it is sent anywhere. `String(diagnosis)` is
   * a report to read.
   *
   * @throws AbortError when the signal fires.
   */
  diagnose(options?: { readonly signal?: AbortSignal }): Promise<Diagnosis>;
  /** Disposes of every model and ends every worker. Idempotent. */
  close(): Promise<void>;
}

/**
 * Opens Selvedge on a page. Nothing is started or fetched until something is asked for.
 *
 * @throws SelvedgeError `options-invalid`, naming the option.
 *
 * @example
 * ```ts
 * const selvedge = createSelvedge({ registry: "/models" });
 * const model = await selvedge.load("ocr-rec");
 * const { outputs } = await model.predict({ x: { type: "float32", data, dims } });
 * ```
 */
export function createSelvedge(options: SelvedgeOptions): Selvedge {
  const { registry, anchors, assets, service, telemetry, workers, ...hooks } = readOptions(options);
  const keeper = new KeeperClient(() => spawnKeeper(workers.keeper), {
    ...hooks,
    registry,
    ...(anchors === undefined ? {} : { anchors }),
    ...(telemetry === undefined ? {} : { telemetry }),
  });
  const reporter = new Reporter(keeper, { telemetry, service });
  const shelf = new RuntimeShelf();
  const hosts = new Set<EngineHost>();
  const models = new Set<Model>();
  const failures = new LoadFailures();
  let closed: Promise<void> | undefined;

  const rooms = {
    registry,
    anchors,
    keeper,
    reporter,
    newHost({ backend, features, trust }: Pick<PackSelector, "backend" | "features" | "trust">) {
      // A load that was asking for a GPU meanwhile must not start what no one would end.
      requireOpen();
      const host = new EngineHost({
        backend,
        features,
        trust,
        assets,
        spawn: () => spawnEngine(workers.engine),
        shelf,
        recover: (pack, signal) =>
          keeper.call((remote, call) => remote.restore(call, pack), signal),
        onDispose: () => hosts.delete(host),
      });
      hosts.add(host);
      return host;
    },
    onDispose: (model: Model) => models.delete(model),
  };

  function requireOpen(): void {
    if (closed !== undefined)
      throw new SelvedgeError("closed", "This Selvedge was closed. Call createSelvedge() again.");
  }

  async function end(): Promise<void> {
    const reason = new SelvedgeError(
      "closed",
      "This Selvedge was closed. Call createSelvedge() again.",
    );
    for (const model of [...models]) await model.dispose();
    for (const host of [...hosts]) host.dispose(reason);
    // What a slow collector does not take in time waits in the outbox for the next visit.
    await reporter.flush(AbortSignal.timeout(LAST_FLUSH_MS)).catch(() => undefined);
    reporter.end();
    keeper.end(reason);
  }

  return {
    cache: new ModelCache(keeper),
    telemetry: { flush: () => reporter.flush() },
    async load(name, loadOptions = {}) {
      requireOpen();
      const model = await loadModel(rooms, name, loadOptions).catch((error: unknown) =>
        failures.rethrow(name, error),
      );
      models.add(model);
      if (closed !== undefined) await model.dispose();
      requireOpen();
      return model;
    },
    async availability(name, loadOptions = {}) {
      requireOpen();
      checkNames(name, loadOptions);
      let selector: PackSelector;
      try {
        requireCapable();
        selector = await selectorOf(rooms, name, loadOptions);
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        return { state: "unavailable", bytes: 0, reasons: [reason] };
      }
      return keeper.call((remote, call) => remote.availability(call, selector), loadOptions.signal);
    },
    async diagnose({ signal } = {}) {
      requireOpen();
      const { diagnose } = await import("./diagnosis/diagnose.ts");
      const spawn = () => spawnEngine(workers.engine);
      return diagnose(
        { keeper, assets, models, failures: failures.list, spawnEngine: spawn },
        signal,
      );
    },
    close() {
      closed ??= end();
      return closed;
    },
  };
}

import { SelvedgeError } from "@selvedge/protocol";
import { chunkMissing } from "./chunk-missing.ts";
import type { Diagnosis } from "./diagnosis/diagnose.ts";
import { LoadFailures } from "./diagnosis/load-failures.ts";
import { ModelCache } from "./model-cache.ts";
import type { ModelName } from "./model-types.ts";
import { checkNames, type LoadOptions, readOptions, type SelvedgeOptions } from "./options.ts";
import type { KeptPrediction } from "./predictions/prediction-log.ts";
import { EarlyEngine } from "./serving/early-engine.ts";
import { headStartOf } from "./serving/head-start.ts";
import { type DeviceSize, memoryBudgetOf } from "./serving/memory-budget.ts";
import type { Model } from "./serving/model.ts";
import type { PageMemory } from "./serving/page-memory.ts";
import { requireCapable, selectorOf, startsOnWasm } from "./serving/selector-of.ts";
import type { Serving } from "./serving/serving.ts";
import type { TelemetryState } from "./telemetry/consent.ts";
import { LazyCallWatch } from "./telemetry/lazy-call-watch.ts";
import { LazyReporter } from "./telemetry/lazy-reporter.ts";
import type { Availability } from "./worker/keeper-api.ts";
import { KeeperClient } from "./worker/keeper-client.ts";
import { spawnEngine, spawnKeeper } from "./worker/spawn.ts";
import { warmStore } from "./worker/warm-store.ts";

/** How long closing waits for a collector. */
const LAST_FLUSH_MS = 2_000;

/** A page's telemetry. What its user has said of it is remembered on the device. */
export interface Telemetry {
  /** Whether it runs; `unknown` until the first model is loaded, or one of these was called. */
  readonly state: TelemetryState;
  /** Sends what was measured so far, instead of in a few seconds. */
  flush(): Promise<void>;
  /**
   * Turns it on, and remembers that for the origin, also where this page has no endpoint. What the browser
   * refuses in its user's name, by Do-Not-Track or Global Privacy Control, stays refused; a `disable` that
   * is called meanwhile holds.
   *
   * @throws SelvedgeError `storage-unavailable` or `storage-full` where that cannot be remembered, `network`
   * where the part that remembers it cannot be loaded: nothing changes then.
   */
  enable(): Promise<void>;
  /**
   * Turns it off, on this page before it returns, and in all tabs, also where this page has no endpoint:
   * nothing is recorded, stored or sent from here on, but for what the app captures. What waits stays, to
   * be sent should it be turned on again, until it is erased or too old.
   *
   * @throws SelvedgeError `storage-unavailable` or `storage-full` where that cannot be remembered, `network`
   * where the part that remembers it cannot be loaded: it is off on this page all the same.
   */
  disable(): Promise<void>;
  /**
   * Deletes what was measured and not sent, and all that telemetry keeps on the device: ids, and
   * predictions that were written down. What the user has said of telemetry stays.
   *
   * @throws SelvedgeError `storage-unavailable` where the store cannot be reached.
   */
  erase(): Promise<void>;
}

/** A page's Selvedge. Everything it started ends with `close`. */
export interface Selvedge {
  /** What this device keeps of models. */
  readonly cache: ModelCache;
  /** What is measured here, and whether it is. */
  readonly telemetry: Telemetry;
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
   * What this device has written down of a prediction: which pack answered, where it ran, how long it
   * took, and digests of what went in and came out; with `capture: true`, those themselves.
   *
   * @param id as `predict` answered it
   * @returns `undefined` where it was not written down, or newer ones have taken its place.
   * @throws SelvedgeError `closed`.
   */
  prediction(id: string): Promise<KeptPrediction | undefined>;
  /**
   * A file of a prediction that was made with `capture: true`, for `selvedge replay FILE`. It holds what
   * went in and came out: whom to give it to is for the app, and its user, to decide.
   *
   * @throws SelvedgeError `prediction-unknown`, `prediction-not-captured`, `closed`.
   *
   * @example
   * ```ts
   * const { id } = await model.predict(inputs, { capture: true });
   * link.href = URL.createObjectURL(await selvedge.exportPrediction(id));
   * ```
   */
  exportPrediction(id: string): Promise<Blob>;
  /** What this page's models take of its memory, all together and each. */
  memory(): Promise<PageMemory>;
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
  const {
    registry,
    anchors,
    assets,
    service,
    telemetry,
    onSend,
    tracing,
    distributions,
    predictions,
    workers,
    memory,
    ...hooks
  } = readOptions(options);
  const budget = memoryBudgetOf(memory, navigator as DeviceSize);
  const keeper = new KeeperClient(() => spawnKeeper(workers.keeper), {
    ...hooks,
    registry,
    ...(anchors === undefined ? {} : { anchors }),
  });
  const reporter = new LazyReporter({ telemetry, service, onSend, tracing });
  const watch = new LazyCallWatch(reporter, {
    service,
    isSent: telemetry !== undefined,
    distributions,
    predictions,
  });
  const early = new EarlyEngine(() => spawnEngine(workers.engine));
  const failures = new LoadFailures();
  let serving: Promise<Serving> | undefined;
  /** Loads that have not come to an end. */
  let loading = 0;
  let closed: Promise<void> | undefined;
  let wake: (() => void) | undefined;
  /** Resolves when nobody waits for the first model any more. */
  const calm = new Promise<void>((resolve) => {
    wake = resolve;
  });

  function requireOpen(): void {
    if (closed !== undefined) throw closedError();
  }

  /** A page that has not asked for a model yet loads none of it. */
  async function startServing(name: ModelName, loadOptions: LoadOptions): Promise<Serving> {
    const may = { mayWake: hooks.cache?.images !== false, mayShip: anchors !== undefined };
    early.start(headStartOf(name, loadOptions, { assets, ...may }));
    warmStore();
    try {
      const [{ Serving }, loaded, { predictions }] = await Promise.all([
        import("./first-model.ts").catch(chunkMissing),
        reporter.load(),
        watch.load(),
      ]);
      return new Serving({
        registry,
        anchors,
        keeper,
        cache: hooks.cache,
        reporter: loaded,
        predictions,
        assets,
        spawn: () => early.take(),
        budget,
      });
    } catch (error) {
      early.end();
      throw error;
    }
  }

  async function pageMemory(): Promise<PageMemory> {
    const { budgetBytes } = budget;
    const nothing: PageMemory = { budgetBytes, usedBytes: 0, engines: [], models: [] };
    return (await serving?.catch(() => undefined))?.memory ?? nothing;
  }

  async function end(): Promise<void> {
    const reason = closedError();
    await (await serving?.catch(() => undefined))?.end(reason);
    early.end();
    // What a slow collector does not take in time waits in the outbox for the next visit.
    await watch.end(LAST_FLUSH_MS);
    await reporter.end(LAST_FLUSH_MS);
    keeper.end(reason);
  }

  return {
    cache: new ModelCache(keeper),
    telemetry: {
      get state() {
        return reporter.state;
      },
      async flush() {
        await watch.loaded?.flush();
        await reporter.flush();
      },
      enable: () => reporter.enable(),
      disable: () => reporter.disable(),
      async erase() {
        await watch.loaded?.erase();
        await reporter.erase();
      },
    },
    async load(name, loadOptions = {}) {
      const calledAt = performance.now();
      requireOpen();
      checkNames(name, loadOptions);
      loadOptions.signal?.throwIfAborted();
      const told = reporter.beginLoad(loadOptions);
      loading++;
      try {
        requireCapable();
        serving ??= startServing(name, loadOptions);
        // What failed to load is loaded again with the next model.
        serving.catch(() => {
          serving = undefined;
        });
        reporter.prepare(calm);
        const model = await (await serving).load(name, { ...loadOptions, calledAt });
        void model.calm.then(() => {
          wake?.();
          watch.loaded?.prepare();
        });
        told.end({ served: model.served });
        return model;
      } catch (error) {
        const { version } = loadOptions;
        const subject = { model: name, ...(version === undefined ? {} : { version }) };
        told.end({ subject, error });
        failures.add(name, error);
        throw error;
      } finally {
        // A load that was given up may have left it to nobody.
        if (--loading === 0) early.end();
      }
    },
    async availability(name, loadOptions = {}) {
      requireOpen();
      checkNames(name, loadOptions);
      const { signal } = loadOptions;
      try {
        requireCapable();
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        return { state: "unavailable", bytes: 0, reasons: [reason] };
      }
      const selector = await selectorOf({ registry, anchors }, name, loadOptions);
      if (startsOnWasm(loadOptions))
        return keeper.call((remote, call) => remote.availability(call, selector), signal);
      const { availableInOrder } = await import("./serving/available-in-order.ts");
      return availableInOrder(keeper, selector, loadOptions);
    },
    async prediction(id) {
      requireOpen();
      return (await watch.load()).predictions.find(id);
    },
    async exportPrediction(id) {
      requireOpen();
      return (await watch.load()).predictions.export(id);
    },
    memory: pageMemory,
    async diagnose({ signal } = {}) {
      requireOpen();
      const { diagnose } = await import("./diagnosis/diagnose.ts").catch(chunkMissing);
      const { models = [] } = (await serving?.catch(() => undefined)) ?? {};
      const spawn = () => spawnEngine(workers.engine);
      const memory = await pageMemory();
      return diagnose({ keeper, assets, models, memory, failures: failures.list, spawn }, signal);
    },
    close() {
      closed ??= end();
      return closed;
    },
  };
}

function closedError(): SelvedgeError {
  return new SelvedgeError("closed", "This Selvedge was closed. Call createSelvedge() again.");
}

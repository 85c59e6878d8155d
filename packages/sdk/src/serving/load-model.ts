import { SelvedgeError } from "@selvedge/protocol";
import type { LoadOptions } from "../options.ts";
import type { Reporter } from "../telemetry/reporter.ts";
import type { Place } from "../worker/engine-api.ts";
import type { Installed, PackSelector } from "../worker/keeper-api.ts";
import type { Behind } from "./behind.ts";
import type { EngineHost } from "./engine-host.ts";
import { Ladder } from "./ladder.ts";
import type { LoadRooms } from "./load-rooms.ts";
import { Model } from "./model.ts";
import { UpdateFeed } from "./model-update.ts";
import { type FirstOpened, openModel } from "./open.ts";
import type { HostOpened } from "./pack-opener.ts";
import { selectorOf, startsOnWasm } from "./selector-of.ts";
import { type LoadTimings, wakeMsOf } from "./served.ts";
import { type Started, whyServing } from "./started.ts";

/**
 * Loads a model. What answers for it in the store serves, and everything else happens behind it: see
 * `Behind`.
 */
export async function loadModel<Name extends string>(
  rooms: LoadRooms,
  name: Name,
  { calledAt = performance.now(), ...options }: LoadOptions & { readonly calledAt?: number },
): Promise<Model<Name>> {
  const { keeper, reporter } = rooms;
  const { signal, backend = "auto", update: policy = "next-load" } = options;
  let host: EngineHost | undefined;
  try {
    signal?.throwIfAborted();
    const asked = await selectorOf(rooms, name, options);
    const open = startsOnWasm(options) ? openOnWasm : await loadOpenInOrder();
    const started = await open(rooms, asked, options);
    const { first, ladder, selector } = started;
    host = started.host;
    const { opened, installed, isShipped } = first;
    const timings = timingsOf(opened, installed, calledAt);
    const served = { host, opened, storage: installed?.storage, timings, ladder };
    const feed = new UpdateFeed();
    let behind: Promise<Behind> | undefined;
    /** Its own chunk: no page waits for what comes behind a model that serves. */
    const startBehind = async (): Promise<Behind> => {
      const { Behind } = await import("./behind.ts");
      const isFresh = installed !== undefined;
      const isAuto = backend === "auto";
      const loaded = { model, first: served, selector, policy, feed, isAuto, isFresh, isShipped };
      const started = new Behind(rooms, loaded);
      void started.run();
      return started;
    };
    /** A page that is offline may lack the chunk: it is asked for again with the next check. */
    const ensureBehind = (): Promise<Behind> => {
      behind ??= startBehind().catch((error: unknown) => {
        behind = undefined;
        throw error;
      });
      return behind;
    };
    const model: Model<Name> = new Model<Name>({
      served,
      trust: selector.trust,
      cohort: selector.version === undefined ? selector.channel : "pinned",
      predictions: rooms.predictions,
      keeper,
      reporter,
      feed,
      failover: async () =>
        (await import("./failover.ts")).failoverOf(rooms, selector, (rung) =>
          ensureBehind().then(
            (behind) => behind.lost(rung),
            () => undefined,
          ),
        ),
      onDispose: rooms.onDispose,
      checkForUpdate: async (until) => (await ensureBehind()).check(until),
    });
    recordLoad(reporter, { opened, backend: host.backend, installed, timings });
    sayRolledBack(first, { feed, reporter });
    const { bytes } = opened;
    options.onProgress?.({ phase: "ready", file: name, loaded: bytes, total: bytes });
    void model.calm.then(() => {
      if (!model.disposal.aborted) ensureBehind().catch(() => undefined);
    });
    return model;
  } catch (error) {
    host?.dispose();
    throw error;
  }
}

const WASM: Place = { backend: "wasm", build: "wasm", features: [] };

/** WASM serves first, everywhere, and is proven once it does. */
async function openOnWasm(
  rooms: LoadRooms,
  selector: PackSelector,
  options: LoadOptions,
): Promise<Started> {
  const host = rooms.newHost(WASM, selector.trust);
  try {
    const first = await openModel({ host, keeper: rooms.keeper }, selector, options);
    const { dtype, finding } = first.opened;
    const reason = whyServing(first, "WASM serves first, everywhere", finding);
    return { host, first, selector, ladder: new Ladder({ place: WASM, dtype }, reason) };
  } catch (error) {
    host.dispose();
    throw error;
  }
}

/** Its own chunk: a model that starts on WASM loads nothing that knows of GPUs. */
async function loadOpenInOrder(): Promise<typeof openOnWasm> {
  try {
    return (await import("./open-in-order.ts")).openInOrder;
  } catch (cause) {
    throw new SelvedgeError(
      "network",
      "The part of Selvedge that chooses a backend could not be loaded. Call load() again when the page's own files can be reached.",
      { cause },
    );
  }
}

function sayRolledBack(
  { opened: { name, version, digest }, setback }: FirstOpened,
  { feed, reporter }: { feed: UpdateFeed; reporter: Reporter },
): void {
  if (setback === undefined) return;
  const { code, message: reason } = setback;
  reporter.recorder.failed({ model: name, version }, "rollback", code);
  feed.emit({ state: "rolled-back", version, digest, bytes: 0, reason });
}

function timingsOf(
  { scriptAt, compileMs, importMs, readMs, createMs, waking }: HostOpened,
  installed: Installed | undefined,
  calledAt: number,
): LoadTimings {
  const { resolveMs = 0, fetchMs = 0 } = installed ?? {};
  const spawnMs = Math.max(0, scriptAt - performance.timeOrigin - calledAt);
  const wakeMs = wakeMsOf(waking);
  const totalMs = performance.now() - calledAt;
  return { spawnMs, resolveMs, fetchMs, compileMs, importMs, readMs, createMs, wakeMs, totalMs };
}

function recordLoad(
  { recorder }: Reporter,
  {
    opened: { name, version, dtype, bytes },
    backend,
    installed,
    timings,
  }: {
    opened: HostOpened;
    backend: string;
    installed: Installed | undefined;
    timings: LoadTimings;
  },
): void {
  const subject = { model: name, version, dtype, backend };
  for (const [stage, milliseconds] of Object.entries(timings)) {
    const isDelivery = stage === "resolveMs" || stage === "fetchMs";
    const hasHappened = stage === "wakeMs" ? milliseconds > 0 : !isDelivery;
    if (hasHappened || (isDelivery && installed !== undefined))
      recorder.loaded(subject, stage.slice(0, -2), milliseconds);
  }
  recorder.loadedFrom(subject, installed ?? { bytes, fetchedBytes: 0 });
}

import type { LoadOptions } from "../options.ts";
import { requireProof } from "../proving/require-proof.ts";
import type { Reporter } from "../telemetry/reporter.ts";
import type { Place } from "../worker/engine-api.ts";
import type { Installed, PackSelector } from "../worker/keeper-api.ts";
import type { Behind } from "./behind.ts";
import type { EngineHost, HostOpened } from "./engine-host.ts";
import { Ladder } from "./ladder.ts";
import type { LoadRooms } from "./load-rooms.ts";
import { type LoadTimings, Model } from "./model.ts";
import { UpdateFeed } from "./model-update.ts";
import { type FirstOpened, openModel } from "./open.ts";
import { selectorOf } from "./selector-of.ts";

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
    const selector = await selectorOf(rooms, name, options);
    host = rooms.newHost(placeOf(selector), selector.trust);
    const first = await openModel({ host, keeper }, selector, options);
    const { opened, installed } = first;
    const { place } = host;
    const ladder = new Ladder(
      { place, dtype: opened.dtype },
      await proveWhereAsked(host, first, signal),
    );
    const timings = timingsOf(opened, installed, calledAt);
    const feed = new UpdateFeed();
    let behind: Promise<Behind> | undefined;
    /** Its own chunk: no page waits for what comes behind a model that serves. */
    const startBehind = async (): Promise<Behind> => {
      const { Behind } = await import("./behind.ts");
      const isFresh = installed !== undefined;
      const isAuto = backend === "auto";
      const started = new Behind(rooms, { model, selector, policy, feed, isAuto, isFresh });
      void started.run();
      return started;
    };
    const model: Model<Name> = new Model<Name>({
      served: { host, opened, storage: installed?.storage, timings, ladder },
      trust: selector.trust,
      keeper,
      reporter,
      feed,
      onDispose: rooms.onDispose,
      async checkForUpdate(until) {
        behind ??= startBehind();
        return (await behind).check(until);
      },
    });
    recordLoad(reporter, { opened, backend: host.backend, installed, timings });
    sayRolledBack(first, { feed, reporter });
    const { bytes } = opened;
    options.onProgress?.({ phase: "ready", file: name, loaded: bytes, total: bytes });
    behind = startBehind();
    // A page that is offline may lack the chunk: it is asked for again with the next check.
    behind.catch(() => {
      behind = undefined;
    });
    return model;
  } catch (error) {
    host?.dispose();
    throw error;
  }
}

/** Where what a selector means is opened first. */
function placeOf({ backend, features }: PackSelector): Place {
  return { backend, build: backend, features };
}

/**
 * A backend other than WASM has to give the golden answers before it serves, however it was chosen.
 *
 * @returns why it serves
 */
async function proveWhereAsked(
  host: EngineHost,
  { opened, setback }: FirstOpened,
  signal: AbortSignal | undefined,
): Promise<string> {
  const { backend } = host;
  const why =
    backend === "wasm"
      ? ["WASM serves first, everywhere", opened.finding]
      : ["asked for", await requireProof(host, opened, signal)];
  return [...why, setback && `gone back to, as the newer version failed: ${setback.message}`]
    .filter((part) => part !== undefined)
    .join("; ");
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
  { scriptAt, compileMs, importMs, readMs, createMs }: HostOpened,
  installed: Installed | undefined,
  calledAt: number,
): LoadTimings {
  const { resolveMs = 0, fetchMs = 0 } = installed ?? {};
  const spawnMs = Math.max(0, scriptAt - performance.timeOrigin - calledAt);
  const totalMs = performance.now() - calledAt;
  return { spawnMs, resolveMs, fetchMs, compileMs, importMs, readMs, createMs, totalMs };
}

function recordLoad(
  { recorder }: Reporter,
  {
    opened: { name, version, dtype },
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
    if (installed !== undefined || !isDelivery)
      recorder.loaded(subject, stage.slice(0, -2), milliseconds);
  }
  if (installed !== undefined) recorder.fetched(subject, installed.fetchedBytes);
}

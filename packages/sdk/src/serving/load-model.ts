import { SelvedgeError } from "@selvedge/protocol";
import { checkNames, type LoadOptions } from "../options.ts";
import { type Candidate, requireProof } from "../proving/prove-gpu.ts";
import { anchorsId } from "../public-keys.ts";
import type { Reporter } from "../telemetry/reporter.ts";
import type { Installed, PackSelector } from "../worker/keeper-api.ts";
import type { Behind } from "./behind.ts";
import type { EngineHost, HostOpened } from "./engine-host.ts";
import type { LoadRooms } from "./load-rooms.ts";
import { type LoadTimings, Model } from "./model.ts";
import { UpdateFeed } from "./model-update.ts";
import { type FirstOpened, openModel } from "./open.ts";

/**
 * Loads a model. What answers for it in the store serves, and everything else happens behind it: see
 * `Behind`.
 */
export async function loadModel<Name extends string>(
  rooms: LoadRooms,
  name: Name,
  options: LoadOptions,
): Promise<Model<Name>> {
  const { keeper, reporter } = rooms;
  const { signal, backend = "auto", update: policy = "next-load" } = options;
  const startedAt = performance.now();
  checkNames(name, options);
  reporter.prepare();
  let host: EngineHost | undefined;
  try {
    signal?.throwIfAborted();
    requireCapable();
    const selector = await selectorOf(rooms, name, options);
    host = rooms.newHost(selector);
    const first = await openModel({ host, keeper }, selector, options);
    const { opened, installed } = first;
    const candidates = [await proveWhereAsked(host, first, signal)];
    const timings = timingsOf(opened, installed, performance.now() - startedAt);
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
      served: { host, opened, storage: installed?.storage, timings, candidates },
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
    if (error instanceof SelvedgeError)
      reporter.recorder.failed(
        { model: name, ...(options.version === undefined ? {} : { version: options.version }) },
        "load",
        error.code,
      );
    throw error;
  }
}

/**
 * What of a registry a call means on this device. What a GPU has is asked before anything is fetched.
 *
 * @throws SelvedgeError `no-candidate` where a GPU is asked for that is not there.
 */
export async function selectorOf(
  { registry, anchors }: Pick<LoadRooms, "registry" | "anchors">,
  name: string,
  options: LoadOptions,
): Promise<PackSelector> {
  const { channel = "stable", version, dtype = "auto", backend } = options;
  const pin = version === undefined ? {} : { version };
  const under = anchors === undefined ? {} : { trust: await anchorsId(anchors) };
  const wanted = { registry, name, channel, dtype, ...pin, ...under };
  if (backend !== "webgpu") return { ...wanted, backend: "wasm", features: [] };
  return { ...wanted, backend, features: await requireGpu(name) };
}

/** @throws SelvedgeError where this page cannot hold a model whatever it is. */
export function requireCapable(): void {
  if (!isSecureContext || crypto.subtle === undefined)
    throw new SelvedgeError(
      "insecure-context",
      `This page (${location.origin}) is not a secure context, so the browser gives it no crypto.subtle to verify models with. Serve it over https, or from localhost.`,
    );
  if (typeof Worker === "undefined" || typeof WebAssembly === "undefined")
    throw new SelvedgeError(
      "unsupported",
      "This browser has no Worker or no WebAssembly, which models run in. Update it, or use another.",
    );
}

/** @returns what the GPU has of WebGPU's optional features */
async function requireGpu(name: string): Promise<readonly string[]> {
  const { findGpu } = await import("../proving/gpu.ts");
  const gpu = await findGpu();
  if (gpu.found) return gpu.features;
  throw new SelvedgeError(
    "no-candidate",
    `${name} was asked for on WebGPU, but ${gpu.reason}. Load it with backend "auto" or "wasm".`,
  );
}

/** A backend other than WASM has to give the golden answers before it serves, however it was chosen. */
async function proveWhereAsked(
  host: EngineHost,
  { opened, setback }: FirstOpened,
  signal: AbortSignal | undefined,
): Promise<Candidate> {
  const { backend } = host;
  const why =
    backend === "wasm"
      ? ["WASM serves first, everywhere", opened.finding]
      : ["asked for", await requireProof(host, opened, signal)];
  const reason = [
    ...why,
    setback && `gone back to, as the newer version failed: ${setback.message}`,
  ]
    .filter((part) => part !== undefined)
    .join("; ");
  return { backend, state: "serving", reason };
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
  { compileMs, readMs, createMs }: HostOpened,
  installed: Installed | undefined,
  totalMs: number,
): LoadTimings {
  const { resolveMs = 0, fetchMs = 0 } = installed ?? {};
  return { resolveMs, fetchMs, compileMs, readMs, createMs, totalMs };
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

import { SelvedgeError } from "@selvedge/protocol";
import { proxy } from "comlink";
import { RUNTIME_VERSION, TFJS_VERSION } from "../engine/runtime-files.ts";
import { checkNames, type LoadOptions } from "../options.ts";
import { findGpu } from "../proving/gpu.ts";
import { type Candidate, requireProof } from "../proving/prove-gpu.ts";
import { whenIdle } from "../proving/when-idle.ts";
import { anchorsId } from "../public-keys.ts";
import type { Reporter } from "../telemetry/reporter.ts";
import type { EngineName } from "../worker/engine-api.ts";
import type { Installed, PackSelector, Progress } from "../worker/keeper-api.ts";
import type { KeeperClient } from "../worker/keeper-client.ts";
import type { EngineHost, HostOpened } from "./engine-host.ts";
import { type LoadTimings, Model } from "./model.ts";

/** What `model.info` says of each engine. */
const RUNTIMES = {
  onnx: { name: "onnxruntime-web", version: RUNTIME_VERSION },
  tfjs: { name: "tfjs", version: TFJS_VERSION },
} as const;

/** The rooms that loading goes through. */
export interface LoadRooms {
  readonly registry: string;
  /** Whose signatures are believed, as the keeper reads it; absent where none is looked at. */
  readonly anchors: string | undefined;
  readonly keeper: KeeperClient;
  readonly reporter: Reporter;
  /** Makes a host that ends with the handle. */
  readonly newHost: (device: Pick<PackSelector, "backend" | "features">) => EngineHost;
  readonly onDispose: (model: Model) => void;
}

/**
 * Loads a model. The engine starts at once and looks into the store itself; the keeper is asked only
 * where nothing is active there, or what is stored was damaged. What is active serves, and the
 * registry is asked behind it: a newer version serves from the next load on.
 */
export async function loadModel<Name extends string>(
  rooms: LoadRooms,
  name: Name,
  options: LoadOptions,
): Promise<Model<Name>> {
  const { keeper, reporter } = rooms;
  const { signal, backend = "auto" } = options;
  const startedAt = performance.now();
  checkNames(name, options);
  let host: EngineHost | undefined;
  try {
    signal?.throwIfAborted();
    requireCapable();
    const selector = await selectorOf(rooms, name, options);
    host = rooms.newHost(selector);
    const { opened, installed } = await openOrInstall({ host, keeper }, selector, options);
    const candidates = [await proveWhereAsked(host, opened, signal)];
    const timings = timingsOf(opened, installed, performance.now() - startedAt);
    const { version, digest, dtype, engine, signature } = opened;
    const model = new Model<Name>({
      host,
      opened,
      info: {
        name,
        version,
        digest,
        dtype,
        runtime: RUNTIMES[engine],
        signature,
        signedBy: opened.signedBy[selector.trust ?? ""] ?? [],
        timings,
      },
      candidates,
      keeper,
      reporter,
      onDispose: rooms.onDispose,
    });
    recordLoad(reporter, { opened, backend: host.backend, installed, timings });
    const { bytes } = opened;
    options.onProgress?.({ phase: "ready", file: name, loaded: bytes, total: bytes });
    void whenIdle().then(() => keeper.hold(digest, model.disposal));
    if (installed === undefined && selector.version === undefined)
      void refresh(rooms, selector, model);
    if (backend === "auto") void upgrade(rooms, selector, { model, opened });
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
  const gpu = await findGpu();
  if (gpu.found) return gpu.features;
  throw new SelvedgeError(
    "no-candidate",
    `${name} was asked for on WebGPU, but ${gpu.reason}. Load it with backend "auto" or "wasm".`,
  );
}

async function openOrInstall(
  { host, keeper }: { host: EngineHost; keeper: KeeperClient },
  selector: PackSelector,
  { signal, onProgress }: LoadOptions,
): Promise<{ opened: HostOpened; installed: Installed | undefined }> {
  const report = (progress: Progress) => {
    // What was under way in the keeper still arrives after an abort.
    if (!signal?.aborted) onProgress?.(progress);
  };
  report({ phase: "start", file: selector.name, loaded: 0, total: 0 });
  const stored = await host.open({ by: "selector", selector }, signal).catch((error: unknown) => {
    if (error instanceof SelvedgeError && error.code === "storage-damaged") return undefined;
    throw error;
  });
  if (stored !== undefined) return { opened: stored, installed: undefined };
  // What the engine has begun to load may not be what this pack needs.
  const expectEngine = (engine: EngineName) => host.expect(engine);
  const installed = await keeper.call(
    (remote, call) =>
      remote.install(call, selector, onProgress && proxy(report), proxy(expectEngine)),
    signal,
  );
  const { bytes } = installed;
  report({ phase: "start", file: selector.name, loaded: bytes, total: bytes });
  return { opened: await host.openStored(installed, signal), installed };
}

/** A backend other than WASM has to give the golden answers before it serves, however it was chosen. */
async function proveWhereAsked(
  host: EngineHost,
  opened: HostOpened,
  signal: AbortSignal | undefined,
): Promise<Candidate> {
  if (host.backend === "wasm") {
    const { finding } = opened;
    const first = "WASM serves first, everywhere";
    const reason = finding === undefined ? first : `${first}; ${finding}`;
    return { backend: "wasm", state: "serving", reason };
  }
  const finding = await requireProof(host, opened, signal);
  return { backend: host.backend, state: "serving", reason: `asked for; ${finding}` };
}

/** Looks for a GPU behind the first answers, and lets it take over once it is right. */
async function upgrade(
  rooms: LoadRooms,
  selector: PackSelector,
  { model, opened }: { model: Model; opened: HostOpened },
): Promise<void> {
  const [wasm] = model.info.candidates;
  if (wasm === undefined) return;
  const note = (state: Candidate["state"], reason: string): Candidate[] => [
    wasm,
    { backend: "webgpu", state, reason },
  ];
  const { name, version, dtype } = opened;
  const subject = { model: name, version, dtype, backend: "webgpu" };
  if (!opened.backends.includes("webgpu"))
    return model.note(note("rejected", `the pack does not allow ${dtype} on WebGPU`));
  await whenIdle();
  const gpu = await findGpu();
  if (model.disposal.aborted) return;
  if (!gpu.found) return model.note(note("rejected", gpu.reason));
  if (gpu.isFallback)
    return model.note(note("rejected", `${gpu.description} is a fallback adapter: software`));
  model.note(note("proving", `${gpu.description} is being proven`));
  let host: EngineHost | undefined;
  try {
    const place = { backend: "webgpu", features: gpu.features } as const;
    host = rooms.newHost(place);
    const wanted = { ...selector, version, dtype, ...place };
    const { compileMs, createMs } = await openBeside(
      { host, keeper: rooms.keeper },
      { wanted, opened, signal: model.disposal },
    );
    const finding = await requireProof(host, opened, model.disposal);
    model.disposal.throwIfAborted();
    model.moveTo(host, [
      { ...wasm, state: "retired", reason: "served first; WebGPU took over" },
      { backend: "webgpu", state: "serving", reason: finding },
    ]);
    rooms.reporter.recorder.loaded(subject, "compile", compileMs);
    rooms.reporter.recorder.loaded(subject, "create", createMs);
  } catch (error) {
    host?.dispose();
    if (model.disposal.aborted) return;
    const reason = error instanceof Error ? error.message : String(error);
    model.note(note("rejected", reason));
    const code = error instanceof SelvedgeError ? error.code : "session-failed";
    rooms.reporter.recorder.failed(subject, "prove", code);
  }
}

/**
 * Opens a pack on a second backend. That may take another variant of the precision, of which the
 * device lacks what the two do not share: it is fetched then.
 */
async function openBeside(
  { host, keeper }: { host: EngineHost; keeper: KeeperClient },
  { wanted, opened, signal }: { wanted: PackSelector; opened: HostOpened; signal: AbortSignal },
): Promise<HostOpened> {
  try {
    return await host.openStored(opened, signal);
  } catch (error) {
    if (!(error instanceof SelvedgeError && error.code === "storage-damaged")) throw error;
  }
  await keeper.call((remote, call) => remote.install(call, wanted), signal);
  return host.openStored(opened, signal);
}

/**
 * Asks the registry behind a model that already serves. What is newer serves from the next load on.
 * A device that is offline is no failure: what it has is what it should use.
 */
async function refresh(
  { keeper, reporter }: LoadRooms,
  selector: PackSelector,
  { info: { version, dtype }, disposal }: Model,
): Promise<void> {
  await whenIdle();
  try {
    await keeper.call((remote, call) => remote.install(call, selector), disposal);
  } catch (error) {
    if (error instanceof SelvedgeError && error.code !== "closed" && error.code !== "network")
      reporter.recorder.failed({ model: selector.name, version, dtype }, "refresh", error.code);
  }
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

import { RUNTIME_VERSION, TFJS_VERSION } from "../engine/runtime-files.ts";
import type { GpuMemory } from "../proving/gpu.ts";
import { type StoredVerdict, soundVerdict } from "../proving/verdict.ts";
import type { Model } from "../serving/model.ts";
import type { ModelInfo } from "../serving/model-info.ts";
import type { PageMemory } from "../serving/page-memory.ts";
import { SDK_VERSION } from "../version.ts";
import type { EngineApi } from "../worker/engine-api.ts";
import type { CachedPack } from "../worker/keeper-api.ts";
import type { KeeperClient } from "../worker/keeper-client.ts";
import { WorkerLink } from "../worker/worker-link.ts";
import { checkAssets } from "./asset-checks.ts";
import { collectDeviceFacts, type DeviceFacts } from "./device-facts.ts";
import type {
  AssetsFacts,
  DiagnosisFacts,
  EngineFacts,
  Finding,
  MemoryFacts,
  ModelFacts,
  PackFacts,
  StoreFacts,
  VerdictFacts,
} from "./diagnosis-facts.ts";
import { findFaults } from "./find-faults.ts";
import { inTime } from "./in-time.ts";
import type { LoadFailure } from "./load-failures.ts";
import { reportOf } from "./report.ts";

/** A worker that is slower than this is stuck, or is not there. */
const WORKER_DEADLINE_MS = 10_000;

const LAST_DATE_MS = 8.64e15;

/** What a diagnosis looks at besides the device. */
export interface DiagnosisRooms {
  readonly keeper: KeeperClient;
  /** Absolute, with a slash at its end. */
  readonly assets: string;
  readonly models: Iterable<Pick<Model, "info">>;
  readonly memory: PageMemory;
  readonly failures: readonly LoadFailure[];
  /** Starts an engine worker. */
  readonly spawn: () => Worker;
  readonly gpu?: GpuMemory;
}

/**
 * What this device is, what was tried on it, and what was turned down and why. It survives JSON;
 * `String(diagnosis)` is a report to read, and to put into an issue.
 */
export class Diagnosis implements DiagnosisFacts {
  readonly at: string;
  readonly selvedge: string;
  readonly runtimes: DiagnosisFacts["runtimes"];
  readonly device: DeviceFacts;
  readonly store: StoreFacts;
  readonly assets: AssetsFacts;
  readonly engine: EngineFacts;
  readonly memory: MemoryFacts;
  readonly models: readonly ModelFacts[];
  readonly failures: readonly LoadFailure[];
  /** What someone should know, and do: faults first. */
  readonly findings: readonly Finding[];

  constructor(facts: DiagnosisFacts) {
    this.at = facts.at;
    this.selvedge = facts.selvedge;
    this.runtimes = facts.runtimes;
    this.device = facts.device;
    this.store = facts.store;
    this.assets = facts.assets;
    this.engine = facts.engine;
    this.memory = facts.memory;
    this.models = facts.models;
    this.failures = facts.failures;
    this.findings = findFaults(facts);
  }

  /** The report: plain text, a screen or two. */
  toString(): string {
    return reportOf(this, this.findings);
  }
}

/**
 * Looks at everything at once. What cannot be told is left out or says why: only an abort rejects.
 *
 * @throws AbortError when the signal fires.
 */
export async function diagnose(rooms: DiagnosisRooms, signal?: AbortSignal): Promise<Diagnosis> {
  signal?.throwIfAborted();
  const infos = [...rooms.models].map(({ info }) => info);
  const [device, store, files, engine, models] = await orAbort(
    Promise.all([
      collectDeviceFacts(rooms.gpu),
      storeFacts(rooms.keeper, infos, signal),
      checkAssets(rooms.assets, signal),
      engineFacts(rooms, infos),
      Promise.all(infos.map((info) => modelFacts(rooms.keeper, info, signal))),
    ]),
    signal,
  );
  // Each model says its own part.
  const { models: _, ...memory } = rooms.memory;
  return new Diagnosis({
    at: new Date().toISOString(),
    selvedge: SDK_VERSION,
    runtimes: { "onnxruntime-web": RUNTIME_VERSION, tfjs: TFJS_VERSION },
    device,
    store: device.storage.hasIndexedDb ? store : asRefused(store),
    assets: { address: shortAddress(rooms.assets), files },
    engine,
    memory,
    models,
    failures: [...rooms.failures],
  });
}

/** A keeper that is refused IndexedDB goes on as if nothing were stored, and keeps models in memory. */
function asRefused({ reason, ...store }: StoreFacts): StoreFacts {
  const why = reason ?? "The browser refuses IndexedDB here.";
  return store.kind === "persistent"
    ? { ...store, kind: "memory", reason: why }
    : { ...store, reason: why };
}

/** A store that does not answer is told by `storeFacts`. */
async function modelFacts(
  keeper: KeeperClient,
  { signature: _, ...info }: ModelInfo,
  signal: AbortSignal | undefined,
): Promise<ModelFacts> {
  const asked = await inTime(WORKER_DEADLINE_MS, () =>
    keeper.call((remote, call) => remote.verdicts(call, info.digest), signal),
  );
  const stored = asked.ok ? asked.value.map(soundVerdict) : [];
  const verdicts = stored
    .filter((verdict) => verdict !== undefined)
    .sort((a, b) => b.at - a.at)
    .map(verdictFacts);
  return { ...info, verdicts };
}

/** Stored records may say anything; past the last date there is, a Date throws. */
function dateOf(milliseconds: number): string {
  return new Date(Math.min(milliseconds, LAST_DATE_MS)).toISOString();
}

function verdictFacts(verdict: StoredVerdict): VerdictFacts {
  const { candidate, outcome, reason, under, runMs, dims, at } = verdict;
  const took = runMs === undefined ? {} : { runMs };
  return { candidate, outcome, reason, under, dims, ...took, at: dateOf(at) };
}

async function storeFacts(
  keeper: KeeperClient,
  models: readonly ModelInfo[],
  signal: AbortSignal | undefined,
): Promise<StoreFacts> {
  const asked = await inTime(WORKER_DEADLINE_MS, () =>
    Promise.all([
      keeper.call((remote, call) => remote.list(call), signal),
      keeper.call((remote, call) => remote.size(call), signal),
    ]),
  );
  if (!asked.ok) return { kind: "unavailable", reason: asked.reason, packs: [], bytes: 0 };
  const [listed, bytes] = asked.value;
  const packs = listed.map(packFacts);
  const inMemory = models.map(({ storage }) => storage).find(({ kind }) => kind === "memory");
  return { ...(inMemory ?? { kind: "persistent" }), packs, bytes };
}

function packFacts({ installedAt, usedAt, ...pack }: CachedPack): PackFacts {
  return { ...pack, installedAt: installedAt.toISOString(), usedAt: usedAt.toISOString() };
}

/** A model that serves has shown that engines do; where none does, one is started and let go. */
async function engineFacts(
  { spawn, failures }: DiagnosisRooms,
  models: readonly ModelInfo[],
): Promise<EngineFacts> {
  if (models.length > 0 && failures.length === 0) return { state: "serving" };
  let link: WorkerLink<EngineApi> | undefined;
  const asked = await inTime(WORKER_DEADLINE_MS, () => {
    link = new WorkerLink<EngineApi>(spawn(), "engine");
    return link.call((engine) => engine.surroundings());
  });
  link?.end(new Error("The diagnosis is done with this worker."));
  return asked.ok
    ? { state: "started", ...asked.value }
    : { state: "failed", reason: asked.reason };
}

/** An address that says no more of a page than it has to. */
function shortAddress(url: string): string {
  const { origin, pathname } = new URL(url);
  return origin === location.origin ? pathname : url;
}

function orAbort<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort);
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}

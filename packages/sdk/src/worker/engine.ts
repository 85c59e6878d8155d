/** The engine worker's entry: one runtime, and the sessions that the page opens in it. */
import { SelvedgeError } from "@selvedge/protocol";
import { expose, transfer } from "comlink";
import { canCompileWasm } from "../diagnosis/wasm-facts.ts";
import type { EngineSession } from "../engine/engine-session.ts";
import { BegunStart } from "../engine/head-start.ts";
import { checkWoken } from "../engine/image/check-woken.ts";
import { FirstVisit, refusal } from "../engine/image/first-visit.ts";
import { hibernate, refused } from "../engine/image/hibernate.ts";
import { barImage } from "../engine/image/image-store.ts";
import { planAhead } from "../engine/image/plan-ahead.ts";
import { planRuntime } from "../engine/image/plan-runtime.ts";
import { EarlyPages } from "../engine/image/read-pages.ts";
import {
  beside,
  type Made,
  requireGolden,
  requireSame,
  type Woken,
  wake,
  wakingOf,
} from "../engine/image/wake-session.ts";
import { USUAL, type WasmPlan } from "../engine/image/wasm-plan.ts";
import { memoryAhead } from "../engine/onnx/onnx-runtime.ts";
import {
  choosePack,
  type FoundPack,
  readSource,
  readWhole,
  requireWhole,
} from "../engine/open-pack.ts";
import { readSettings } from "../engine/read-settings.ts";
import { RUNTIME_FOLDER } from "../engine/runtime-files.ts";
import { RuntimeLoader } from "../engine/runtime-loader.ts";
import { summaryOf } from "../engine/variant-summary.ts";
import { prove } from "../proving/worker/prove.ts";
import { rehearse } from "../proving/worker/rehearse.ts";
import { type OnTrial, proveAt, runAt } from "../proving/worker/trial.ts";
import { Database } from "../store/database.ts";
import { buffersOf } from "../tensor.ts";
import type {
  Backend,
  EngineApi,
  HeadStart,
  OpenRequest,
  PackRequest,
  SessionHow,
} from "./engine-api.ts";
import { breaksEngine } from "./engine-failure.ts";
import { type Outcome, outcomeOf } from "./outcome.ts";

interface OpenSession {
  readonly session: EngineSession;
  readonly pack: FoundPack;
  readonly backend: Backend;
  /** How it was created, and how long that took, reading included. */
  readonly how: SessionHow;
  readonly loadMs: number;
}

/** How a session is loaded. */
interface Loading {
  readonly request: OpenRequest;
  readonly how: SessionHow;
  readonly settings: ReturnType<typeof readSettings> | undefined;
  /** When it was asked for, by `performance.now()`. */
  readonly startedAt: number;
}

const scriptAt = performance.timeOrigin + performance.now();
const database = new Database();
const runtimes = new RuntimeLoader(planAhead(database));
const firstVisit = new FirstVisit(database);
const sessions = new Map<number, OpenSession>();
/** What is read before it is known which image is woken. */
let early: EarlyPages | undefined;
/** Whether all that this worker has done was to open one session, and to prove it. */
let isPristine = true;
/** The key of the image that its first session was woken from, be it in vain. */
let imageKey: string | undefined;
/** Why this worker is not to be used again. */
let broken: SelvedgeError | undefined;

/** What was begun before the worker was asked for anything. */
let headStart: BegunStart | undefined;

// What calls workers passes over messages that are no calls.
addEventListener("message", ({ data }: MessageEvent<{ readonly headStart?: HeadStart } | null>) => {
  if (data?.headStart !== undefined) headStart ??= new BegunStart(database, data.headStart);
});

const api: EngineApi = {
  start: (request) =>
    outcomeOf(async () => {
      const { earlyImage } = request;
      const { begun, pages } = headStart?.take(request) ?? {};
      headStart = undefined;
      early = pages ?? (earlyImage && new EarlyPages(database, earlyImage));
      return { ...(await runtimes.start({ ...request, begun })), scriptAt };
    }),

  expect(engine) {
    // Whether it can be loaded is told to whoever opens a pack.
    runtimes.need(engine).catch(() => undefined);
    void runtimes.requested.then((request) => firstVisit.loadInstead(request));
  },

  consider: (pack) => outcomeOf(() => firstVisit.consider(pack)),

  open: (id, request, how) =>
    soundly(async () => {
      const startedAt = performance.now();
      const isShipped = request.by === "image";
      const planned = isShipped ? firstVisit.plan : planOpening(request, how);
      const finding = isShipped ? firstVisit.open() : find(request, planned);
      // Nothing is read of its pack to wake it: that is looked up meanwhile, and held against what woke.
      const mayWake = how.wake === "run" || how.wake === "full";
      // Where nothing is found on a first visit, no runtime comes before the page has heard of that.
      const after = isShipped || how.isFirst ? finding : undefined;
      const waking = mayWake ? wakePlanned(id, planned, after) : undefined;
      const found = await beside(waking, finding);
      if (found === undefined) return undefined;
      const { digest, manifest, variant } = found;
      const { backend } = how;
      const settings = backend === "wasm" ? readSettings(database, found) : undefined;
      const woken = await waking;
      if (woken !== undefined) requireSame(woken, found);
      if (woken === undefined && isShipped) throw refusal(runtimes.wasm?.reason ?? "it is gone");
      const made = woken ?? (await load(id, found, { request, how, settings, startedAt }));
      const { session, runtime, image, readMs } = made;
      const provedFrom = performance.now();
      // It was proven elsewhere: here it has yet to give the answers that the pack was signed with.
      if (isShipped) await requireGolden({ database, session, manifest, variant, backend });
      const createMs = made.createMs + performance.now() - provedFrom;
      const loadMs = readMs + createMs;
      const settled = await settings;
      const told =
        how.wake === undefined ? {} : { waking: await wakingOf(await planned, runtime, image) };
      const created = { ...settled, ...how };
      sessions.set(id, { session, pack: found, backend, how: created, loadMs });
      const { name, version, signature, variants, reference } = manifest;
      const { dtype, engine } = variant;
      return {
        digest,
        name,
        version,
        dtype,
        engine,
        ...(session.finding === undefined ? {} : { finding: session.finding }),
        signature,
        ...(reference === undefined ? {} : { reference }),
        ...(settled === undefined ? {} : { settings: settled }),
        ...told,
        signedBy: found.signedBy,
        bytes: found.bytes,
        variants: variants.map(summaryOf),
        readMs,
        createMs,
        engineBytes: runtimes.bytes,
      };
    }),

  run: async (id, inputs) => {
    const outcome = await soundly(async () => {
      const { session } = opened(id);
      isPristine = false;
      const startedAt = performance.now();
      const outputs = await session.run(inputs);
      const runMs = performance.now() - startedAt;
      return { outputs, runMs, engineBytes: runtimes.bytes };
    });
    return outcome.ok ? transfer(outcome, buffersOf(outcome.value.outputs)) : outcome;
  },

  prove: (id) =>
    soundly(async () => {
      const { session, ...how } = onTrial(id);
      return prove({ database, session }, how);
    }),

  runAt: async (id, dims) => {
    const outcome = await soundly(async () => runAt(onTrial(id), dims));
    return outcome.ok ? transfer(outcome, buffersOf(outcome.value.outputs)) : outcome;
  },
  proveAt: (id, dims, trusted) => soundly(async () => proveAt(onTrial(id), { ...trusted, dims })),
  timeAt: (id, dims) => soundly(async () => (await runAt(onTrial(id), dims)).runMs),

  rehearse: (id, plan) =>
    soundly(async () => {
      const { manifest, variant, backend } = onTrial(id);
      const runtime = await runtimes.need(opened(id).pack.variant.engine);
      const { digest } = opened(id).pack;
      const { dtype, requires: features } = variant;
      isPristine = false;
      const read = () => readSource(database, { digest, dtype, backend, features });
      return rehearse({ database, runtime, manifest, variant, backend, read }, plan);
    }),

  hibernate: (id) =>
    soundly(async () => {
      const { pack, how, loadMs } = opened(id);
      const { digest, variant } = pack;
      const { assets, isForImage } = await runtimes.requested;
      if (!isPristine || sessions.size > 1 || isForImage !== true)
        throw refused("its worker was not started for it, or has run something else");
      const runtime = await runtimes.need(variant.engine);
      return hibernate({ ...onTrial(id), runtime, assets, digest, how, loadMs });
    }),

  keepShipped: () => soundly(() => firstVisit.keep()),

  checkWoken: (id) =>
    soundly(async () => {
      const { assets } = await runtimes.requested;
      return checkWoken(onTrial(id), runtimes.wasm, assets);
    }),

  requireWhole: (id) => outcomeOf(() => requireWhole(database, opened(id).pack)),

  quarantine: (key, reason) =>
    outcomeOf(() => {
      // What is woken has its worker alone.
      const [woken] = key === imageKey ? sessions.values() : [];
      const of = woken && { pack: woken.pack.digest, dtype: woken.pack.variant.dtype };
      return barImage(database, { key, kind: "quarantined", reason }, of);
    }),

  close: (id) => outcomeOf(() => release(id)),

  surroundings: () =>
    outcomeOf(async () => ({ canCompileWasm: canCompileWasm(), hasGpu: "gpu" in navigator })),
};

/** Which wasm a session needs: of the first that is opened, unless the worker was not told to wait. */
async function planOpening(request: PackRequest, how: SessionHow): Promise<WasmPlan> {
  const runtime = await runtimes.requested;
  // It is the first session's, or nobody's: pages that nobody wakes are not held.
  const read = early;
  early = undefined;
  if (runtimes.hasPlan) {
    read?.letGo();
    return { wasm: USUAL, reason: "the worker has a runtime already" };
  }
  const plan = planRuntime(database, {
    ...{ request, how, runtime, early: read },
    memory: () => memoryAhead(`${runtime.assets}${RUNTIME_FOLDER}/`),
  });
  void plan.then(() => read?.letGo());
  runtimes.plan(how.isFirst ? firstVisit.begin(runtime) : plan);
  return plan;
}

/** Finds a pack in the store. What waits to hear if an image ships with it loads as was planned. */
async function find(
  request: Parameters<typeof choosePack>[1],
  planned: Promise<WasmPlan>,
): Promise<FoundPack | undefined> {
  const found = await choosePack(database, request);
  if (found !== undefined) firstVisit.loadInstead(planned);
  return found;
}

/**
 * Wakes what was planned, if anything.
 *
 * @param after what has to be found first
 * @returns `undefined` where nothing is to be woken, or its image turned out to be none
 */
async function wakePlanned(
  id: number,
  planned: Promise<WasmPlan>,
  after?: Promise<unknown>,
): Promise<Woken | undefined> {
  const startedAt = performance.now();
  if (after !== undefined && (await after) === undefined) return undefined;
  const { toWake } = await planned;
  if (toWake === undefined) return undefined;
  const runtime = await runtimes.need("onnx");
  const image = runtime.wasm?.image;
  if (image === undefined) return undefined;
  await prepare(id);
  const createdAt = performance.now();
  imageKey = toWake.key;
  const session = await wake(runtime, image);
  const createMs = performance.now() - createdAt;
  return { session, runtime, image, of: toWake, readMs: createdAt - startedAt, createMs };
}

/** Reads a pack, and creates a session of it. */
async function load(
  id: number,
  found: FoundPack,
  { request, how, settings, startedAt }: Loading,
): Promise<Made> {
  const { manifest, variant } = found;
  // The page may still hold the start back: what is to be read is read meanwhile.
  const source = await readWhole(database, found, request);
  const readMs = performance.now() - startedAt;
  const [runtime, settled] = await Promise.all([runtimes.need(variant.engine), settings]);
  if (runtime.wasm?.kind === "run") throw onlyRuns(id);
  await prepare(id);
  isPristine &&= request.by !== "bytes";
  const createdAt = performance.now();
  const { backend } = how;
  const session = await runtime.createSession(source, { ...settled, ...how }, (made) =>
    prove({ database, session: made }, { manifest, variant, backend }),
  );
  return { session, runtime, readMs, createMs: performance.now() - createdAt };
}

/** A pack that had to be mended is opened anew: the runtime must not hold it twice. */
async function prepare(id: number): Promise<void> {
  await release(id);
  isPristine &&= sessions.size === 0;
}

/** @param id a session that has to be loaded: where no other is open, its worker is of no use any more */
function onlyRuns(id: number): SelvedgeError {
  const isBroken = sessions.size === 0 || sessions.has(id);
  return new SelvedgeError(
    "session-failed",
    "The engine worker only runs what was woken. Use another.",
    { detail: { isBroken, isWoken: true } },
  );
}

/** Gives a session up. One that was woken in a wasm that only runs goes with its worker. */
async function release(id: number): Promise<void> {
  const open = sessions.get(id);
  sessions.delete(id);
  if (runtimes.wasm?.kind !== "run") await open?.session.release();
}

/**
 * Nothing touches a runtime again that has trapped, is out of memory or has lost its GPU: the next run
 * would answer wrongly, or block this worker for good.
 */
function soundly<T>(run: () => Promise<T>): Promise<Outcome<T>> {
  return outcomeOf(async () => {
    if (broken !== undefined) throw broken;
    try {
      return await run();
    } catch (error) {
      if (!breaksEngine(error)) throw error;
      broken = inItsWasm(error);
      throw broken;
    }
  });
}

/** Says of a failure what it happened in: another wasm, or an engine that was not woken, may do better. */
function inItsWasm(error: SelvedgeError): SelvedgeError {
  const { kind = "full" } = runtimes.wasm ?? {};
  const detail = {
    ...error.detail,
    ...(kind === "full" ? {} : { isFitted: true }),
    ...(imageKey === undefined ? {} : { isWoken: true, image: imageKey }),
  };
  return new SelvedgeError(error.code, error.message, { cause: error.cause, detail });
}

function opened(id: number): OpenSession {
  const open = sessions.get(id);
  if (open !== undefined) return open;
  throw new SelvedgeError(
    "session-failed",
    "The engine worker was asked to run before it had a session. Load the model again.",
  );
}

function onTrial(id: number): OnTrial {
  const { session, pack, backend } = opened(id);
  const { manifest, variant } = pack;
  return { database, session, manifest, variant, backend };
}

expose(api);

/** The engine worker's entry: one runtime, and the sessions that the page opens in it. */
import { SelvedgeError } from "@selvedge/protocol";
import { expose, transfer } from "comlink";
import { canCompileWasm } from "../diagnosis/wasm-facts.ts";
import type { EngineRuntime, EngineSession } from "../engine/engine-session.ts";
import { checkWoken } from "../engine/image/check-woken.ts";
import { FirstVisit, refusal } from "../engine/image/first-visit.ts";
import { hibernate, refused } from "../engine/image/hibernate.ts";
import { barImage } from "../engine/image/image-store.ts";
import { planAhead } from "../engine/image/plan-ahead.ts";
import { planRuntime } from "../engine/image/plan-runtime.ts";
import type { SoundImage } from "../engine/image/read-image.ts";
import { EarlyPages } from "../engine/image/read-pages.ts";
import { type ImageToWake, USUAL, type WasmPlan } from "../engine/image/wasm-plan.ts";
import {
  choosePack,
  type FoundPack,
  readSource,
  readWhole,
  requireWhole,
} from "../engine/open-pack.ts";
import { readSettings } from "../engine/read-settings.ts";
import { RuntimeLoader } from "../engine/runtime-loader.ts";
import { summaryOf } from "../engine/variant-summary.ts";
import { prove } from "../proving/worker/prove.ts";
import { rehearse } from "../proving/worker/rehearse.ts";
import { type OnTrial, proveAt, runAt } from "../proving/worker/trial.ts";
import { Database } from "../store/database.ts";
import { buffersOf } from "../tensor.ts";
import type { Backend, EngineApi, PackRequest, SessionHow, Waking } from "./engine-api.ts";
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
let woken: string | undefined;
/** Why this worker is not to be used again. */
let broken: SelvedgeError | undefined;

const api: EngineApi = {
  start: (request) =>
    outcomeOf(async () => {
      if (request.earlyImage !== undefined) early = new EarlyPages(database, request.earlyImage);
      return { ...(await runtimes.start(request)), scriptAt };
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
      const found = isShipped ? await firstVisit.open() : await choosePack(database, request);
      if (found === undefined) return undefined;
      if (!isShipped) firstVisit.loadInstead(planned);
      const { digest, manifest, variant } = found;
      // Where nothing is to be woken, the tensors are read while the page may still hold the start back.
      const toWake = how.wake === "run" || how.wake === "full" ? (await planned).toWake : undefined;
      // Of what is woken nothing is needed: the page asks for it behind the first answer.
      const read = toWake === undefined ? await readWhole(database, found, request) : undefined;
      const readMs = performance.now() - startedAt;
      const [loaded, settings] = await Promise.all([
        runtimes.need(variant.engine),
        how.backend === "wasm" ? readSettings(database, found) : undefined,
      ]);
      const image = toWake === undefined ? undefined : loaded.wasm?.image;
      if (loaded.wasm?.kind === "run" && image === undefined) throw onlyRuns(id);
      if (isShipped && image === undefined) throw refusal(loaded.wasm?.reason ?? "it is gone");
      // A pack that had to be mended is opened anew: the runtime must not hold it twice.
      await release(id);
      isPristine &&= sessions.size === 0 && request.by !== "bytes";
      const createdAt = performance.now();
      const { backend } = how;
      const created = { ...settings, ...how };
      const session =
        toWake !== undefined && image !== undefined
          ? await wake(loaded, toWake, { image, pack: found })
          : await loaded.createSession(
              read ?? (await readWhole(database, found, request)),
              created,
              (made) => prove({ database, session: made }, { manifest, variant, backend }),
            );
      // It was proven elsewhere: here it has yet to give the answers that the pack was signed with.
      if (isShipped) await requireGolden({ database, session, manifest, variant, backend });
      const createMs = performance.now() - createdAt;
      const loadMs = readMs + createMs;
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
        ...(settings === undefined ? {} : { settings }),
        ...(how.wake === undefined ? {} : { waking: wakingOf(await planned, loaded, image) }),
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
    outcomeOf(() => barImage(database, { key, kind: "quarantined", reason })),

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
  const plan = planRuntime(database, { request, how, runtime, early: read });
  void plan.then(() => read?.letGo());
  runtimes.plan(how.isFirst ? firstVisit.begin(runtime) : plan);
  return plan;
}

/** @throws SelvedgeError after which the worker is not to be used: the next step is to be tried in another */
async function wake(
  { createSession, live }: EngineRuntime,
  { key, digest, dtype }: ImageToWake,
  { image, pack }: { readonly image: SoundImage; readonly pack: FoundPack },
): Promise<EngineSession> {
  woken = key;
  try {
    if (digest !== pack.digest || dtype !== pack.variant.dtype)
      throw new Error("another pack is active");
    // Not before it is certain that this session is the one: the next to be created is answered by it.
    if (live !== undefined) live.asleep = Promise.resolve(image.asleep);
    // The session is there already; onnxruntime is given something to create it from all the same.
    const nothing = { graph: new ArrayBuffer(1), tensors: [] };
    return await createSession(nothing, { backend: "wasm" }, () => Promise.reject());
  } catch (cause) {
    throw new SelvedgeError("session-failed", `The engine did not wake (${cause}). Use another.`, {
      cause,
      detail: { isBroken: true },
    });
  }
}

/** @throws SelvedgeError after which the worker is not to be used */
async function requireGolden(on: OnTrial): Promise<void> {
  const { holds, finding } = await prove(on, on);
  if (holds) return;
  throw new SelvedgeError(
    "session-failed",
    `The image that ships with the pack does not give its golden answers: ${finding}. Load it.`,
    { detail: { isBroken: true } },
  );
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

function wakingOf(
  { toWake, reason }: WasmPlan,
  { wasm }: EngineRuntime,
  image: SoundImage | undefined,
): Waking {
  if (image === undefined || toWake === undefined)
    return { step: "none", reason: toWake === undefined ? reason : (wasm?.reason ?? reason) };
  const { at, readMs, restoreMs } = image;
  // What only runs may not have been there.
  const step = wasm?.kind === "run" ? "run" : "full";
  return { step, reason: wasm?.reason ?? reason, image: { ...at, readMs, restoreMs } };
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
    ...(woken === undefined ? {} : { isWoken: true, image: woken }),
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

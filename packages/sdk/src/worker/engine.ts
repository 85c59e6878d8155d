/** The engine worker's entry: one runtime, and the sessions that the page opens in it. */
import { SelvedgeError } from "@selvedge/protocol";
import { expose, transfer } from "comlink";
import { canCompileWasm } from "../diagnosis/wasm-facts.ts";
import { BegunStart } from "../engine/head-start.ts";
import { checkWoken } from "../engine/image/check-woken.ts";
import { FirstVisit } from "../engine/image/first-visit.ts";
import { hibernate, refused } from "../engine/image/hibernate.ts";
import { barImage } from "../engine/image/image-store.ts";
import { planAhead } from "../engine/image/plan-ahead.ts";
import { EarlyPages } from "../engine/image/read-pages.ts";
import { readSource, requireWhole } from "../engine/open-pack.ts";
import { RuntimeLoader } from "../engine/runtime-loader.ts";
import { prove } from "../proving/worker/prove.ts";
import { rehearse } from "../proving/worker/rehearse.ts";
import { proveAt, runAt } from "../proving/worker/trial.ts";
import { Database } from "../store/database.ts";
import { buffersOf } from "../tensor.ts";
import type { EngineApi, HeadStart } from "./engine-api.ts";
import { breaksEngine } from "./engine-failure.ts";
import { EngineSessions } from "./engine-sessions.ts";
import { type Outcome, outcomeOf } from "./outcome.ts";

const scriptAt = performance.timeOrigin + performance.now();
const database = new Database();
const runtimes = new RuntimeLoader(planAhead(database));
const firstVisit = new FirstVisit(database);
const sessions = new EngineSessions({ database, runtimes, firstVisit });
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
      sessions.early = pages ?? (earlyImage && new EarlyPages(database, earlyImage));
      return { ...(await runtimes.start({ ...request, begun })), scriptAt };
    }),

  expect(engine) {
    // Whether it can be loaded is told to whoever opens a pack.
    runtimes.need(engine).catch(() => undefined);
    void runtimes.requested.then((request) => firstVisit.loadInstead(request));
  },

  consider: (pack) => outcomeOf(() => firstVisit.consider(pack)),

  open: (id, request, how) => soundly(() => sessions.open(id, request, how)),

  run: async (id, inputs) => {
    const outcome = await soundly(async () => {
      const { session } = sessions.toUse(id);
      const startedAt = performance.now();
      const outputs = await session.run(inputs);
      const runMs = performance.now() - startedAt;
      return { outputs, runMs, engineBytes: runtimes.bytes };
    });
    return outcome.ok ? transfer(outcome, buffersOf(outcome.value.outputs)) : outcome;
  },

  prove: (id) =>
    soundly(async () => {
      const { session, ...how } = sessions.onTrial(id);
      return prove({ database, session }, how);
    }),

  runAt: async (id, dims) => {
    const outcome = await soundly(async () => runAt(sessions.onTrial(id), dims));
    return outcome.ok ? transfer(outcome, buffersOf(outcome.value.outputs)) : outcome;
  },
  proveAt: (id, dims, trusted) =>
    soundly(async () => proveAt(sessions.onTrial(id), { ...trusted, dims })),
  timeAt: (id, dims) => soundly(async () => (await runAt(sessions.onTrial(id), dims)).runMs),

  rehearse: (id, plan) =>
    soundly(async () => {
      const { pack, backend } = sessions.toUse(id);
      const { digest, manifest, variant } = pack;
      const { dtype, engine, requires: features } = variant;
      const runtime = await runtimes.need(engine);
      const read = () => readSource(database, { digest, dtype, backend, features });
      return rehearse({ database, runtime, manifest, variant, backend, read }, plan);
    }),

  hibernate: (id) =>
    soundly(async () => {
      const { pack, how, loadMs } = sessions.opened(id);
      const { digest, variant } = pack;
      const { assets, isForImage } = await runtimes.requested;
      if (!sessions.isPristine || isForImage !== true)
        throw refused("its worker was not started for it, or has run something else");
      const runtime = await runtimes.need(variant.engine);
      return hibernate({ ...sessions.onTrial(id), runtime, assets, digest, how, loadMs });
    }),

  keepShipped: () => soundly(() => firstVisit.keep()),

  checkWoken: (id) =>
    soundly(async () => {
      const { assets } = await runtimes.requested;
      return checkWoken(sessions.onTrial(id), runtimes.wasm, assets);
    }),

  requireWhole: (id) => outcomeOf(() => requireWhole(database, sessions.opened(id).pack)),

  quarantine: (key, reason) =>
    outcomeOf(() => {
      const woken = sessions.wokenFrom(key);
      const of = woken && { pack: woken.pack.digest, dtype: woken.pack.variant.dtype };
      return barImage(database, { key, kind: "quarantined", reason }, of);
    }),

  close: (id) => outcomeOf(() => sessions.release(id)),

  surroundings: () =>
    outcomeOf(async () => ({ canCompileWasm: canCompileWasm(), hasGpu: "gpu" in navigator })),
};

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
  const { imageKey } = sessions;
  const detail = {
    ...error.detail,
    ...(kind === "full" ? {} : { isFitted: true }),
    ...(imageKey === undefined ? {} : { isWoken: true, image: imageKey }),
  };
  return new SelvedgeError(error.code, error.message, { cause: error.cause, detail });
}

expose(api);

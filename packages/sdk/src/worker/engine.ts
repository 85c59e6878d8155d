/** The engine worker's entry: one runtime, and the sessions that the page opens in it. */
import { SelvedgeError } from "@selvedge/protocol";
import { expose, transfer } from "comlink";
import { canCompileWasm } from "../diagnosis/wasm-facts.ts";
import type { EngineSession } from "../engine/engine-session.ts";
import { openPack, type ReadPack, readSource } from "../engine/open-pack.ts";
import { readSettings } from "../engine/read-settings.ts";
import { RuntimeLoader } from "../engine/runtime-loader.ts";
import { summaryOf } from "../engine/variant-summary.ts";
import { prove } from "../proving/worker/prove.ts";
import { rehearse } from "../proving/worker/rehearse.ts";
import { type OnTrial, proveAt, runAt } from "../proving/worker/trial.ts";
import { Database } from "../store/database.ts";
import { buffersOf } from "../tensor.ts";
import type { Backend, EngineApi } from "./engine-api.ts";
import { breaksEngine } from "./engine-failure.ts";
import { type Outcome, outcomeOf } from "./outcome.ts";

interface OpenSession {
  readonly session: EngineSession;
  readonly pack: Omit<ReadPack, "source">;
  readonly backend: Backend;
}

const scriptAt = performance.timeOrigin + performance.now();
const database = new Database();
const runtimes = new RuntimeLoader();
const sessions = new Map<number, OpenSession>();
/** Why this worker is not to be used again. */
let broken: SelvedgeError | undefined;

const api: EngineApi = {
  start: (request) => outcomeOf(async () => ({ ...(await runtimes.start(request)), scriptAt })),

  expect(engine) {
    // Whether it can be loaded is told to whoever opens a pack.
    runtimes.need(engine).catch(() => undefined);
  },

  open: (id, request, how) =>
    soundly(async () => {
      const startedAt = performance.now();
      const read = await openPack(database, request);
      if (read === undefined) return undefined;
      const readMs = performance.now() - startedAt;
      const [loaded, settings] = await Promise.all([
        runtimes.need(read.variant.engine),
        how.backend === "wasm" ? readSettings(database, read) : undefined,
      ]);
      // A pack that had to be mended is opened anew: the runtime must not hold it twice.
      await sessions.get(id)?.session.release();
      sessions.delete(id);
      const createdAt = performance.now();
      const { source, ...pack } = read;
      const { manifest, variant } = pack;
      const { backend } = how;
      const session = await loaded.createSession(source, { ...settings, ...how }, (created) =>
        prove({ database, session: created }, { manifest, variant, backend }),
      );
      sessions.set(id, { session, pack, backend });
      const { name, version, signature, variants, reference } = manifest;
      const { dtype, engine } = variant;
      return {
        digest: pack.digest,
        name,
        version,
        dtype,
        engine,
        ...(session.finding === undefined ? {} : { finding: session.finding }),
        signature,
        ...(reference === undefined ? {} : { reference }),
        ...(settings === undefined ? {} : { settings }),
        signedBy: pack.signedBy,
        bytes: pack.bytes,
        variants: variants.map(summaryOf),
        readMs,
        createMs: performance.now() - createdAt,
        engineBytes: runtimes.bytes,
      };
    }),

  run: async (id, inputs) => {
    const outcome = await soundly(async () => {
      const { session } = opened(id);
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
      const read = () => readSource(database, { digest, dtype, backend, features });
      return rehearse({ database, runtime, manifest, variant, backend, read }, plan);
    }),

  close: (id) =>
    outcomeOf(async () => {
      const open = sessions.get(id);
      sessions.delete(id);
      await open?.session.release();
    }),

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
      if (breaksEngine(error)) broken = error;
      throw error;
    }
  });
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

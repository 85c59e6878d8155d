/** The engine worker's entry: one runtime, and the sessions that the page opens in it. */
import { SelvedgeError } from "@selvedge/protocol";
import { expose, transfer } from "comlink";
import type { EngineSession } from "../engine/engine-session.ts";
import { openPack, type ReadPack } from "../engine/open-pack.ts";
import { RuntimeLoader } from "../engine/runtime-loader.ts";
import { summaryOf } from "../engine/variant-summary.ts";
import { prove } from "../proving/worker/prove.ts";
import { Database } from "../store/database.ts";
import { buffersOf } from "../tensor.ts";
import type { Backend, EngineApi } from "./engine-api.ts";
import { outcomeOf } from "./outcome.ts";

interface OpenSession {
  readonly session: EngineSession;
  readonly pack: Omit<ReadPack, "source">;
  readonly backend: Backend;
}

const database = new Database();
const runtimes = new RuntimeLoader();
const sessions = new Map<number, OpenSession>();

const api: EngineApi = {
  start: (request) => outcomeOf(() => runtimes.start(request)),

  expect(engine) {
    // Whether it can be loaded is told to whoever opens a pack.
    runtimes.need(engine).catch(() => undefined);
  },

  open: (id, request, how) =>
    outcomeOf(async () => {
      const startedAt = performance.now();
      const read = await openPack(database, request);
      if (read === undefined) return undefined;
      const readMs = performance.now() - startedAt;
      const loaded = await runtimes.need(read.variant.engine);
      const createdAt = performance.now();
      const { source, ...pack } = read;
      const { manifest, variant } = pack;
      const { backend } = how;
      const session = await loaded.createSession(source, how, (created) =>
        prove({ database, session: created }, { manifest, variant, backend }),
      );
      sessions.set(id, { session, pack, backend });
      const { name, version, signature, variants } = manifest;
      const { dtype, engine } = variant;
      return {
        digest: pack.digest,
        name,
        version,
        dtype,
        engine,
        ...(session.finding === undefined ? {} : { finding: session.finding }),
        signature,
        signedBy: pack.signedBy,
        bytes: pack.bytes,
        variants: variants.map(summaryOf),
        readMs,
        createMs: performance.now() - createdAt,
        engineBytes: runtimes.bytes,
      };
    }),

  run: async (id, inputs) => {
    const outcome = await outcomeOf(async () => {
      const { session } = opened(id);
      const startedAt = performance.now();
      const outputs = await session.run(inputs);
      const runMs = performance.now() - startedAt;
      return { outputs, runMs, engineBytes: runtimes.bytes };
    });
    return outcome.ok ? transfer(outcome, buffersOf(outcome.value.outputs)) : outcome;
  },

  prove: (id) =>
    outcomeOf(async () => {
      const { session, pack, backend } = opened(id);
      const { manifest, variant } = pack;
      return prove({ database, session }, { manifest, variant, backend });
    }),

  close: (id) =>
    outcomeOf(async () => {
      const open = sessions.get(id);
      sessions.delete(id);
      await open?.session.release();
    }),
};

function opened(id: number): OpenSession {
  const open = sessions.get(id);
  if (open !== undefined) return open;
  throw new SelvedgeError(
    "session-failed",
    "The engine worker was asked to run before it had a session. Load the model again.",
  );
}

expose(api);

/** The engine worker's entry: one runtime, one session, and nothing that has to survive it. */
import { SelvedgeError } from "@selvedge/protocol";
import { expose, transfer } from "comlink";
import { canCompileWasm } from "../diagnosis/wasm-facts.ts";
import type { EngineSession } from "../engine/engine-session.ts";
import { openPack, type ReadPack } from "../engine/open-pack.ts";
import { RuntimeLoader } from "../engine/runtime-loader.ts";
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
let backend: Backend = "wasm";
let open: OpenSession | undefined;

const api: EngineApi = {
  start: (request) =>
    outcomeOf(async () => {
      backend = request.backend;
      return runtimes.start(request);
    }),

  expect(engine) {
    // Whether it can be loaded is told to whoever opens a pack.
    runtimes.need(engine).catch(() => undefined);
  },

  open: (request) =>
    outcomeOf(async () => {
      const startedAt = performance.now();
      const read = await openPack(database, request);
      if (read === undefined) return undefined;
      const readMs = performance.now() - startedAt;
      const loaded = await runtimes.need(read.variant.engine);
      const createdAt = performance.now();
      const { source, ...pack } = read;
      const { manifest, variant } = pack;
      const session = await loaded.createSession(source, (created) =>
        prove({ database, session: created }, { manifest, variant, backend }),
      );
      open = { session, pack, backend };
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
        backends: variants.flatMap((each) => (each.dtype === dtype ? each.backends : [])),
        readMs,
        createMs: performance.now() - createdAt,
      };
    }),

  run: async (inputs) => {
    const outcome = await outcomeOf(async () => {
      if (open === undefined) throw notOpen();
      const startedAt = performance.now();
      const outputs = await open.session.run(inputs);
      return { outputs, runMs: performance.now() - startedAt };
    });
    return outcome.ok ? transfer(outcome, buffersOf(outcome.value.outputs)) : outcome;
  },

  prove: () =>
    outcomeOf(async () => {
      if (open === undefined) throw notOpen();
      const { session, pack, backend } = open;
      const { manifest, variant } = pack;
      return prove({ database, session }, { manifest, variant, backend });
    }),

  surroundings: () =>
    outcomeOf(async () => ({ canCompileWasm: canCompileWasm(), hasGpu: "gpu" in navigator })),
};

function notOpen(): SelvedgeError {
  return new SelvedgeError(
    "session-failed",
    "The engine worker was asked to run before it had a session. Load the model again.",
  );
}

expose(api);

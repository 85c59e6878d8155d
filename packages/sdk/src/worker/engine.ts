/** The engine worker's entry: one runtime, one session, and nothing that has to survive it. */
import { SelvedgeError } from "@selvedge/protocol";
import { expose, transfer } from "comlink";
import type { EngineRuntime, EngineSession } from "../engine/engine-session.ts";
import { loadOnnxRuntime } from "../engine/onnx/onnx-runtime.ts";
import { openPack, type ReadPack } from "../engine/open-pack.ts";
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
let startRuntime: (runtime: Promise<EngineRuntime>) => void;
// `open` may come before `start`: the page holds `start` back while another worker compiles the wasm.
const runtime = new Promise<EngineRuntime>((resolve) => {
  startRuntime = resolve;
});
let backend: Backend = "wasm";
let open: OpenSession | undefined;

const api: EngineApi = {
  start: (request) =>
    outcomeOf(async () => {
      backend = request.backend;
      startRuntime(loadOnnxRuntime(request));
      const { module, compileMs } = await runtime;
      return { module, compileMs };
    }),

  open: (request) =>
    outcomeOf(async () => {
      const startedAt = performance.now();
      const read = await openPack(database, request);
      if (read === undefined) return undefined;
      const readMs = performance.now() - startedAt;
      const loaded = await runtime;
      const createdAt = performance.now();
      const { source, ...pack } = read;
      open = { session: await loaded.createSession(source), pack, backend };
      const { name, version, signature, variants } = pack.manifest;
      const { dtype } = pack.variant;
      return {
        digest: pack.digest,
        name,
        version,
        dtype,
        signature,
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
};

function notOpen(): SelvedgeError {
  return new SelvedgeError(
    "session-failed",
    "The engine worker was asked to run before it had a session. Load the model again.",
  );
}

expose(api);

import { SelvedgeError } from "@selvedge/protocol";
import type { Proof, RuntimeRequest } from "../../worker/engine-api.ts";
import type { EngineRuntime, EngineSession, SessionSource } from "../engine-session.ts";
import { failureOf } from "../failure-of.ts";
import { importFile, streamModule } from "../runtime-file.ts";
import { TFJS_BUILD, TFJS_FOLDER } from "../runtime-files.ts";

/** The runtime file, once it is loaded. */
type Tfjs = typeof import("../../runtime/tfjs.ts");

const REFUSED_RUN = {
  code: "run-failed",
  advice: "Check that the inputs' values and free dimensions are ones the model was made for.",
} as const;

/**
 * Loads TensorFlow.js, and the wasm of its backend, from where the page hosts them.
 *
 * @throws SelvedgeError `assets-missing` where one of the files is not there or not what it should be.
 */
export async function loadTfjsRuntime(
  { assets, module: given }: RuntimeRequest,
  signal: AbortSignal,
): Promise<EngineRuntime> {
  const folder = `${assets}${TFJS_FOLDER}/`;
  const startedAt = performance.now();
  const timed = async <T>(promise: Promise<T>): Promise<[T, number]> => [
    await promise,
    performance.now() - startedAt,
  ];
  const [[tf, importMs], [module, compileMs]] = await Promise.all([
    timed(importFile<Tfjs>(folder + TFJS_BUILD.api)),
    timed(given ? Promise.resolve(given) : streamModule(folder + TFJS_BUILD.wasm, signal)),
  ]);
  // Checks of every value that passes by are for whoever writes a model.
  tf.env().set("PROD", true);
  let memory: WebAssembly.Memory | undefined;
  tf.useModule(module, (made) => {
    memory = made;
  });
  return {
    module,
    compileMs,
    importMs,
    get bytes() {
      return memory?.buffer.byteLength ?? 0;
    },
    createSession: (source, _how, prove) => createSession(tf, source, prove),
  };
}

/** @throws SelvedgeError `session-failed` where it runs the model in no way that is right. */
async function createSession(
  tf: Tfjs,
  source: SessionSource,
  prove: (session: EngineSession) => Promise<Proof>,
): Promise<EngineSession> {
  try {
    return told(await tf.createTfjsSession(source, (session) => prove(told(session))));
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new SelvedgeError(
      "session-failed",
      `TensorFlow.js could not create a session (${why}). Run "selvedge verify" on the pack.`,
      { cause, detail: { engine: "tfjs" } },
    );
  }
}

/** A session whose failures say what they mean: those of the runtime file are of nobody's kind. */
function told(session: EngineSession): EngineSession {
  const run: EngineSession["run"] = (inputs) =>
    session.run(inputs).catch((cause: unknown) => {
      const what = "TensorFlow.js could not run the model";
      throw failureOf(cause, { what, refusal: REFUSED_RUN, detail: { engine: "tfjs" } });
    });
  return { ...session, run };
}

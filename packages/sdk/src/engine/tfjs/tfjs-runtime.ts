import type { RuntimeRequest } from "../../worker/engine-api.ts";
import type { EngineRuntime } from "../engine-session.ts";
import { importFile, streamModule } from "../runtime-file.ts";
import { TFJS_BUILD, TFJS_FOLDER } from "../runtime-files.ts";
import { createTfjsSession, type Tfjs } from "./tfjs-session.ts";

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
    createSession: (source, _how, prove) => createTfjsSession(tf, source, prove),
  };
}

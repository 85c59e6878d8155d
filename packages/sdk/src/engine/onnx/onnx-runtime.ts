import type { GlueHost } from "@selvedge/protocol";
import type * as Ort from "onnxruntime-web";
import type * as GlueShim from "../../runtime/glue-shim.ts";
import type { Build, WasmKind } from "../../worker/engine-api.ts";
import type { EngineRuntime } from "../engine-session.ts";
import { USUAL, type WasmPlan } from "../image/wasm-plan.ts";
import { importFile } from "../runtime-file.ts";
import { GLUE_SHIM, RUNTIME_BUILDS, RUNTIME_FOLDER } from "../runtime-files.ts";
import type { RuntimeStart } from "../runtime-loader.ts";
import { type Compiled, compilePlanned } from "./compile-planned.ts";
import { EarlyModule } from "./early-module.ts";
import { createOnnxSession } from "./onnx-session.ts";

/**
 * Loads one build of onnxruntime-web from where the page hosts it: its API, its glue and its wasm, all
 * at once. The wasm is compiled by streaming from its plain URL, which is the only way into the
 * browser's code cache.
 *
 * @param planned which wasm that is, and what wakes in it; it is waited for before the wasm is fetched
 * @throws SelvedgeError `assets-missing` where one of the files is not there or not what it should be.
 */
export async function loadOnnxRuntime(
  {
    assets,
    build: name,
    module: given,
    wasm: givenKind,
    isForImage,
    early: wanted,
    begun,
  }: RuntimeStart,
  signal: AbortSignal,
  planned: Promise<WasmPlan>,
): Promise<EngineRuntime> {
  const folder = `${assets}${RUNTIME_FOLDER}/`;
  const build = RUNTIME_BUILDS[name];
  const startedAt = performance.now();
  const since = () => performance.now() - startedAt;
  const early = begun ?? (wanted && new EarlyModule(folder, wanted));
  signal.addEventListener("abort", () => early?.giveUp());
  const compiled =
    given === undefined || isForImage === true
      ? compilePlanned({ folder, usual: build.wasm, early }, planned, signal)
      : Promise.resolve(handedOver(given, givenKind));
  const compileMs = compiled.then(since);
  // Whoever fails first is reported; this one must not go unhandled meanwhile.
  compileMs.catch(() => undefined);
  const [ort, glue, shim] = await importOnnxRuntime(folder, name);
  const importMs = since();
  shim.host.glue = glue.default;
  shim.host.compiled = compiled.then(({ module }) => module);
  ort.env.wasm.wasmPaths = { mjs: folder + GLUE_SHIM, wasm: folder + build.wasm };
  ort.env.wasm.numThreads = 1;
  ort.env.wasm.proxy = false;
  ort.env.logLevel = "error";
  const { module, ...wasm } = await compiled;
  return {
    module,
    wasm,
    live: shim.host,
    compileMs: await compileMs,
    importMs,
    get bytes() {
      return shim.host.memory?.buffer.byteLength ?? 0;
    },
    createSession: (source, how) => createOnnxSession(ort, how, source),
  };
}

/** Imports the scripts of one build. A script is loaded once, however often it is imported. */
export function importOnnxRuntime(
  folder: string,
  build: Build,
): Promise<[typeof Ort, { default: GlueHost["glue"] }, typeof GlueShim]> {
  const { api, glue } = RUNTIME_BUILDS[build];
  return Promise.all([
    importFile<typeof Ort>(folder + api),
    importFile<{ default: GlueHost["glue"] }>(folder + glue),
    importFile<typeof GlueShim>(folder + GLUE_SHIM),
  ]);
}

/**
 * The memory that what wakes first will have, before there is a wasm for it.
 *
 * @throws SelvedgeError `assets-missing`
 */
export async function memoryAhead(folder: string): Promise<WebAssembly.Memory> {
  const [, glue, shim] = await importOnnxRuntime(folder, "wasm");
  shim.host.glue = glue.default;
  return shim.memoryAhead();
}

function handedOver(module: WebAssembly.Module, kind: WasmKind = "full"): Compiled {
  const reason = "the wasm was handed over";
  return { module, kind, plan: { wasm: USUAL, reason }, reason };
}

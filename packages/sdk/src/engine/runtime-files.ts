export { RUNTIME_INDEX } from "@selvedge/protocol";
export { SESSION_CHOICES } from "./session-choices.ts";

/**
 * The files of onnxruntime-web and TensorFlow.js that a page hosts beside itself. `selvedge assets`
 * copies them; an engine worker loads one build of one of them, never more.
 */

/** The version of onnxruntime-web this SDK was tested with, and the only one it loads. */
export const RUNTIME_VERSION = "1.30.0";

/**
 * Grows when `runtime/glue-shim.ts` or `runtime/shipped-images.ts` changes, or what they take from the
 * protocol, or how `selvedge assets` rewrites the wasm: all of it lies among files that browsers keep for
 * good.
 */
const SHIM_REVISION = 6;

/**
 * The folder below `assets` that holds the files; its name changes with them, so they never do. What is
 * fitted has a name of its own for each content, and `RUNTIME_INDEX`, which names it, may change.
 */
export const RUNTIME_FOLDER: string = `ort-${RUNTIME_VERSION}-${SHIM_REVISION}`;

/** The three files of one build: the JavaScript API, Emscripten's glue, and the wasm. */
export interface RuntimeBuild {
  readonly api: string;
  readonly glue: string;
  readonly wasm: string;
}

/**
 * Where each build lies. A page that ends on WASM downloads `wasm` and nothing else; WebGPU is in `jspi`,
 * which is smaller and needs a browser with JSPI, and in `webgpu`, which runs anywhere.
 */
export const RUNTIME_BUILDS: Readonly<Record<"wasm" | "jspi" | "webgpu", RuntimeBuild>> = {
  wasm: {
    api: "ort.wasm.min.mjs",
    glue: "ort-wasm-simd-threaded.mjs",
    wasm: "ort-wasm-simd-threaded.wasm",
  },
  jspi: {
    api: "ort.jspi.min.mjs",
    glue: "ort-wasm-simd-threaded.jspi.mjs",
    wasm: "ort-wasm-simd-threaded.jspi.wasm",
  },
  webgpu: {
    api: "ort.webgpu.min.mjs",
    glue: "ort-wasm-simd-threaded.asyncify.mjs",
    wasm: "ort-wasm-simd-threaded.asyncify.wasm",
  },
};

/** Our own module between onnxruntime-web and its glue, through which a compiled Module goes in. */
export const GLUE_SHIM = "glue-shim.js";

/** What wakes images that ship with packs, on first visits. */
export const SHIPPED_IMAGES = "shipped-images.js";

/** The version of TensorFlow.js that is built into the SDK's own runtime file. */
export const TFJS_VERSION = "4.22.0";

/** Grows when `runtime/tfjs.ts`, what it is made of, or how it is built, changes. */
const TFJS_REVISION = 3;

/** The folder below `assets` for TensorFlow.js. */
export const TFJS_FOLDER: string = `tfjs-${TFJS_VERSION}-${TFJS_REVISION}`;

/** TensorFlow.js as one module, and the wasm of its backend. */
export const TFJS_BUILD = { api: "tfjs.js", wasm: "tfjs-backend-wasm-simd.wasm" } as const;

/** A file to host: its folder below `assets`, and the package it comes from. */
export interface RuntimeFile {
  readonly folder: string;
  readonly file: string;
  readonly from: "onnxruntime-web" | "selvedge";
}

/** Every file to host. */
// Pure, so that a page that asks for a version alone does not load the list.
export const RUNTIME_FILES: readonly RuntimeFile[] = /* @__PURE__ */ listFiles();

function listFiles(): readonly RuntimeFile[] {
  return [
    ...Object.values(RUNTIME_BUILDS).flatMap(({ api, glue, wasm }) =>
      [api, glue, wasm].map((file) => ({
        folder: RUNTIME_FOLDER,
        file,
        from: "onnxruntime-web" as const,
      })),
    ),
    ...[GLUE_SHIM, SHIPPED_IMAGES].map((file) => ({
      folder: RUNTIME_FOLDER,
      file,
      from: "selvedge" as const,
    })),
    ...Object.values(TFJS_BUILD).map((file) => ({
      folder: TFJS_FOLDER,
      file,
      from: "selvedge" as const,
    })),
  ];
}

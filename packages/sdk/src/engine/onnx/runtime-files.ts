/**
 * The files of onnxruntime-web that a page hosts beside itself. `selvedge assets` copies them; the
 * engine worker loads one build of them, never more.
 */

/** The version of onnxruntime-web this SDK was tested with, and the only one it loads. */
export const RUNTIME_VERSION = "1.30.0";

/** Grows when `runtime/glue-shim.ts` changes, which lies among files that browsers keep for good. */
const SHIM_REVISION = 1;

/** The folder below `assets` that holds the files; its name changes with them, so they never do. */
export const RUNTIME_FOLDER: string = `ort-${RUNTIME_VERSION}-${SHIM_REVISION}`;

/** The three files of one build: the JavaScript API, Emscripten's glue, and the wasm. */
export interface RuntimeBuild {
  readonly api: string;
  readonly glue: string;
  readonly wasm: string;
}

/** Which build a backend needs. A page that ends on WASM never downloads the GPU build. */
export const RUNTIME_BUILDS: Readonly<Record<"wasm" | "webgpu", RuntimeBuild>> = {
  wasm: {
    api: "ort.wasm.min.mjs",
    glue: "ort-wasm-simd-threaded.mjs",
    wasm: "ort-wasm-simd-threaded.wasm",
  },
  webgpu: {
    api: "ort.webgpu.min.mjs",
    glue: "ort-wasm-simd-threaded.asyncify.mjs",
    wasm: "ort-wasm-simd-threaded.asyncify.wasm",
  },
};

/** Our own module between onnxruntime-web and its glue, through which a compiled Module goes in. */
export const GLUE_SHIM = "glue-shim.js";

/** Every file to host, and the package it comes from. */
export const RUNTIME_FILES: readonly {
  readonly file: string;
  readonly from: "onnxruntime-web" | "selvedge";
}[] = [
  ...Object.values(RUNTIME_BUILDS).flatMap(({ api, glue, wasm }) =>
    [api, glue, wasm].map((file) => ({ file, from: "onnxruntime-web" as const })),
  ),
  { file: GLUE_SHIM, from: "selvedge" },
];

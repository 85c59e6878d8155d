import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { defineConfig } from "rolldown";
import { GLUE_SHIM, SHIPPED_IMAGES, TFJS_BUILD } from "./dist/engine/runtime-files.js";

const require = createRequire(import.meta.url);
const tfjsWasm = require.resolve(`@tensorflow/tfjs-backend-wasm/wasm-out/${TFJS_BUILD.wasm}`);

// Workers ship self-contained: a bundler that finds them by URL must not have to resolve anything.
const workers = ["keeper", "engine"].map((worker) =>
  defineConfig({
    input: `src/worker/${worker}.ts`,
    tsconfig: "tsconfig.worker.json",
    platform: "browser",
    output: {
      file: `dist/worker/${worker}.js`,
      format: "esm",
      minify: true,
      sourcemap: true,
      codeSplitting: false,
    },
  }),
);

// What a page hosts needs no package beside it either.
const small = [
  ["glue-shim", GLUE_SHIM],
  // What only first visits need of an engine worker, which imports it from there.
  ["shipped-images", SHIPPED_IMAGES],
].map(([input, file]) =>
  defineConfig({
    input: `src/runtime/${input}.ts`,
    tsconfig: "tsconfig.worker.json",
    platform: "browser",
    output: { dir: "dist/runtime", entryFileNames: file, format: "esm", minify: true },
  }),
);

// TensorFlow.js is built in, its wasm put beside it.
const tfjs = defineConfig({
  input: "src/runtime/tfjs.ts",
  tsconfig: "tsconfig.worker.json",
  platform: "browser",
  output: {
    dir: "dist/runtime",
    entryFileNames: TFJS_BUILD.api,
    format: "esm",
    minify: true,
    codeSplitting: false,
  },
  plugins: [
    {
      name: "tfjs-wasm",
      generateBundle() {
        this.emitFile({ type: "asset", fileName: TFJS_BUILD.wasm, source: readFileSync(tfjsWasm) });
      },
    },
  ],
});

export default [...workers, ...small, tfjs];

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { defineConfig } from "rolldown";
import { SHIPPED_IMAGES, TFJS_BUILD } from "./dist/engine/runtime-files.js";

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

// What a page hosts needs no package beside it either: TensorFlow.js is built in, its wasm put beside it.
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

// What only first visits need of an engine worker: it is imported from there, beside the runtime.
const shippedImages = defineConfig({
  input: "src/runtime/shipped-images.ts",
  tsconfig: "tsconfig.worker.json",
  platform: "browser",
  output: {
    file: `dist/runtime/${SHIPPED_IMAGES}`,
    format: "esm",
    minify: true,
    codeSplitting: false,
  },
});

export default [...workers, tfjs, shippedImages];

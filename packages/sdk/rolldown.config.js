import { defineConfig } from "rolldown";

// Workers ship self-contained: a bundler that finds them by URL must not have to resolve anything.
export default ["keeper", "engine"].map((worker) =>
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

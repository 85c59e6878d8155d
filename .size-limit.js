const esm = (config) => ({ ...config, format: "esm" });

export default [
  {
    name: "what a page loads before a model is asked for",
    path: "packages/sdk/dist/index.js",
    limit: "12 kB",
    gzip: true,
    // Imported with the first model, where there is something to report, where a page brings a fetch of
    // its own, and where a GPU is asked for.
    ignore: ["./serving/serving.js", "./to-batch.js", "./answer-fetches.js", "../proving/gpu.js"],
    modifyEsbuildConfig: esm,
  },
  {
    name: "what it loads with the first model",
    path: "packages/sdk/dist/serving/serving.js",
    limit: "12 kB",
    gzip: true,
    // Imported once a model serves.
    ignore: ["./behind.js", "./failover.js"],
    modifyEsbuildConfig: esm,
  },
  {
    name: "what it loads once a model serves",
    path: "packages/sdk/dist/serving/behind.js",
    limit: "6 kB",
    gzip: true,
    modifyEsbuildConfig: esm,
  },
  {
    name: "the keeper worker",
    path: "packages/sdk/dist/worker/keeper.js",
    limit: "34 kB",
    gzip: true,
    modifyEsbuildConfig: esm,
  },
  {
    name: "the engine worker without its runtime",
    path: "packages/sdk/dist/worker/engine.js",
    limit: "25 kB",
    gzip: true,
    modifyEsbuildConfig: esm,
  },
];

const esm = (config) => ({ ...config, format: "esm" });

export default [
  {
    name: "what a page loads before a model is asked for",
    path: "packages/sdk/dist/index.js",
    limit: "12 kB",
    gzip: true,
    // Imported with the first model, where telemetry is asked for something, where predictions are written
    // down, where a page brings a fetch of its own, where it asks what a GPU would take, and where it asks
    // for a diagnosis.
    ignore: [
      "./first-model.js",
      "../first-model.js",
      "./answer-fetches.js",
      "./serving/available-in-order.js",
      "./diagnosis/diagnose.js",
    ],
    modifyEsbuildConfig: esm,
  },
  {
    name: "what it loads with the first model",
    path: "packages/sdk/dist/first-model.js",
    // Of that, what gathers telemetry and looks at calls is 10, and waking 1.6: which step an engine is
    // opened at has to be known before it is started.
    limit: "25 kB",
    gzip: true,
    // Imported once a model serves, where it may start elsewhere than on WASM, to count how it started, and
    // on first visits that may wake; where there is something to report, and where a page brings a tracer of
    // its own; with the first call that is written down, or whose values are counted.
    ignore: [
      "./behind.js",
      "./open-in-order.js",
      "./failover.js",
      "./after-start.js",
      "./open-shipped.js",
      "./to-batch.js",
      "./courier.js",
      "./end-page-span.js",
      "./distribution-watch.js",
      "./prediction-log.js",
    ],
    modifyEsbuildConfig: esm,
  },
  {
    name: "what it loads where a model may start on a GPU",
    path: "packages/sdk/dist/serving/open-in-order.js",
    limit: "8 kB",
    gzip: true,
    modifyEsbuildConfig: esm,
  },
  {
    name: "what it loads once a model serves",
    path: "packages/sdk/dist/serving/behind.js",
    limit: "6.5 kB",
    gzip: true,
    // Imported there, for the day that an engine fails, where other places may take over from WASM, or
    // did with larger inputs than before, where one of them was lost, to write an engine down, and to complete what woke on a first visit.
    ignore: [
      "./complete-shipped.js",
      "./failover.js",
      "../proving/contest.js",
      "../proving/make-image.js",
      "../proving/prove-used.js",
      "./win-back.js",
      "./reopen-first.js",
    ],
    modifyEsbuildConfig: esm,
  },
  {
    name: "what it loads where other places may take over from WASM",
    path: "packages/sdk/dist/proving/contest.js",
    // The facts of the device and the list of candidates are more than half of it.
    limit: "8 kB",
    gzip: true,
    modifyEsbuildConfig: esm,
  },
  {
    name: "what it loads to write an engine down",
    path: "packages/sdk/dist/proving/make-image.js",
    limit: "5 kB",
    gzip: true,
    modifyEsbuildConfig: esm,
  },
  {
    name: "what a diagnosis takes",
    path: "packages/sdk/dist/diagnosis/diagnose.js",
    limit: "10.5 kB",
    gzip: true,
    modifyEsbuildConfig: esm,
  },
  {
    name: "what it loads where predictions are written down",
    path: "packages/sdk/dist/predictions/prediction-log.js",
    // The connection to IndexedDB is half of it.
    limit: "11 kB",
    gzip: true,
    // Imported where the pack has a reference.
    ignore: ["./feature-bins.js"],
    modifyEsbuildConfig: esm,
  },
  {
    name: "what carries telemetry, where there is any",
    path: "packages/sdk/dist/telemetry/courier.js",
    // What pages leave, and what their user says, in a database of its own took it past 10; what tabs tell
    // each other past 11.
    limit: "11.5 kB",
    gzip: true,
    modifyEsbuildConfig: esm,
  },
  {
    name: "the keeper worker",
    path: "packages/sdk/dist/worker/keeper.js",
    // Counting, evicting and deleting images of engines took it past 34.
    limit: "35.5 kB",
    gzip: true,
    modifyEsbuildConfig: esm,
  },
  {
    name: "the engine worker without its runtime",
    path: "packages/sdk/dist/worker/engine.js",
    // As esbuild minifies it; rolldown, which Vite builds with, comes to 25.5. What it begins before anything is
    // asked of it, and reading images into the memory that they wake in, took it past 26.5.
    limit: "27.5 kB",
    gzip: true,
    modifyEsbuildConfig: esm,
  },
];

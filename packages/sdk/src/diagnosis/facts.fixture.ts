import type { DiagnosisFacts, ModelFacts } from "./diagnosis-facts.ts";

/** A loaded model as its info says it, in a test. */
export const OCR_REC: ModelFacts = {
  name: "ocr-rec",
  version: "1.2.0",
  digest: "0123456789abcdef".repeat(4),
  dtype: "q8",
  backend: "wasm",
  runtime: { name: "onnxruntime-web", version: "1.30.0" },
  signedBy: [],
  candidates: [
    {
      backend: "wasm",
      dtype: "q8",
      build: "wasm",
      state: "serving",
      reason: "WASM serves first, everywhere",
      runMs: 12.34,
    },
    {
      backend: "webgpu",
      dtype: "fp16",
      build: "jspi",
      layout: "NCHW",
      state: "rejected",
      reason: "output y[3] is 0",
    },
  ],
  verdicts: [
    {
      candidate: "webgpu,jspi,NCHW,fp16",
      outcome: "failed",
      reason: "output y[3] is NaN",
      under: "onnxruntime-web 1.30.0; acme loom with shader-f16; Chromium 156",
      dims: {},
      at: "2026-11-21T08:00:00.000Z",
    },
  ],
  storage: { kind: "persistent" },
  memory: {
    state: "running",
    engineBytes: 40_000_000,
    sharedWith: 1,
    shareBytes: 25_000_000,
    tensorBytes: 2_930_000,
  },
  timings: {
    spawnMs: 40,
    resolveMs: 0,
    fetchMs: 0,
    compileMs: 81.4,
    importMs: 12,
    readMs: 20,
    createMs: 55,
    wakeMs: 0,
    totalMs: 160.2,
  },
};

/** A device where nothing is wrong, in a test. */
export const SOUND: DiagnosisFacts = {
  at: "2026-11-22T08:00:00.000Z",
  selvedge: "0.1.0",
  runtimes: { "onnxruntime-web": "1.30.0", tfjs: "4.22.0" },
  device: {
    browser: { brand: "Chromium", version: "156", platform: "Linux", isMobile: false },
    cores: 8,
    deviceMemoryBytes: 8 * 2 ** 30,
    isIsolated: true,
    isSecureContext: true,
    hasJspi: true,
    hasWasmSimd: true,
    hasRelaxedSimd: true,
    canCompileWasm: true,
    gpu: {
      found: true,
      isFallback: false,
      description: "acme loom",
      vendor: "acme",
      architecture: "loom",
      device: "",
      features: ["shader-f16"],
      limits: { maxBufferSize: 4 * 2 ** 30, maxStorageBufferBindingSize: 2 * 2 ** 30 },
    },
    storage: { hasIndexedDb: true, isPersisted: true, usage: 12_000_000, quota: 5_000_000_000 },
    isOnline: true,
    saveData: false,
  },
  store: {
    kind: "persistent",
    packs: [
      {
        name: "ocr-rec",
        version: "1.2.0",
        digest: OCR_REC.digest,
        bytes: 2_930_000,
        shared: 0,
        inUse: true,
        storage: "persistent",
        installedAt: "2026-11-21T08:00:00.000Z",
        usedAt: "2026-11-22T07:59:00.000Z",
      },
    ],
    bytes: 2_930_000,
  },
  assets: {
    address: "/selvedge/",
    files: [{ file: "ort-1.30.0-1/ort.wasm.min.mjs", neededFor: ["wasm"], state: "served" }],
  },
  engine: { state: "serving" },
  memory: {
    budgetBytes: 2_000_000_000,
    usedBytes: 40_000_000,
    engines: [{ build: "wasm", bytes: 40_000_000, sessions: 2 }],
  },
  models: [OCR_REC],
  failures: [],
};

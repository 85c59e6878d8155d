import type { Served } from "../serving/served.ts";

/** What answers, as far as telemetry looks at it: loaded in 400 ms, 100 of them for the worker's script. */
export function servedFor(calledAt: number): Served {
  const served = {
    host: { place: { backend: "wasm", build: "wasm", features: [] } },
    opened: {
      name: "ocr-rec",
      version: "1.0.0",
      dtype: "fp32",
      digest: "ab".repeat(32),
      scriptAt: performance.timeOrigin + calledAt + 100,
    },
    timings: {
      spawnMs: 100,
      resolveMs: 20,
      fetchMs: 80,
      compileMs: 60,
      importMs: 30,
      readMs: 40,
      createMs: 90,
      wakeMs: 0,
      totalMs: 400,
    },
  };
  return served as unknown as Served;
}

import { expect, test } from "vitest";
import { latencyRows, type PredictLatency } from "./latency-rows.ts";

const row = (backend: string, dtype: string): PredictLatency => ({
  model: "ocr-rec",
  version: "1.0.0",
  backend,
  dtype,
  count: 1,
  p50: 1,
  p95: 2,
  p99: 3,
  steps: [],
});

test("precisions of one version and backend share a colour and differ in dash", () => {
  const predict = [row("webgpu", "fp16"), row("wasm", "q8"), row("wasm", "fp32")];
  const slots = new Map([[JSON.stringify(["ocr-rec", "1.0.0", "wasm"]), 3]]);
  const rows = latencyRows({ from: 0, to: 1, stepMs: 1, predict, load: [] }, slots);
  expect(rows.map(({ backend, dtype, slot, dash }) => [backend, dtype, slot, dash])).toEqual([
    ["wasm", "fp32", 3, 0],
    ["wasm", "q8", 3, 1],
    ["webgpu", "fp16", undefined, 0],
  ]);
});

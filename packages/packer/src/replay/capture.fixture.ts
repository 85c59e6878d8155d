import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  CAPTURE_FORMAT,
  type CapturedPrediction,
  type PredictionRecord,
  sha256,
  toBase64,
} from "@selvedge/protocol";
import type { NamedTensor } from "../named-tensor.ts";
import { temporaryFolder } from "../onnx/onnx-model.fixture.ts";
import { runtimeVersion } from "../runtime/onnx-runtime.ts";

/** One row of floats. */
export function floats(name: string, values: readonly number[]): NamedTensor {
  const data = Float32Array.from(values);
  return { name, dtype: "float32", dims: [1, values.length], bytes: new Uint8Array(data.buffer) };
}

async function digestsOf(tensors: readonly NamedTensor[]): Promise<PredictionRecord["inputs"]> {
  const entries = tensors.map(async ({ name, dtype, dims, bytes }) => [
    name,
    { dtype, dims, sha256: await sha256(bytes) },
  ]);
  return Object.fromEntries(await Promise.all(entries));
}

function inFile(tensors: readonly NamedTensor[]): CapturedPrediction["inputs"] {
  const entries = tensors.map(({ name, dtype, dims, bytes }) => [
    name,
    { type: dtype, dims, data: toBase64(bytes) },
  ]);
  return Object.fromEntries(entries);
}

/** A captured prediction as a device would have written it. */
export async function captureOf(
  tensors: { readonly inputs: readonly NamedTensor[]; readonly outputs: readonly NamedTensor[] },
  record: Partial<PredictionRecord>,
): Promise<CapturedPrediction> {
  return {
    format: CAPTURE_FORMAT,
    record: {
      id: "0f2ad0e0-0000-4000-8000-000000000001",
      at: 1_800_000_000_000,
      model: "m",
      version: "1.0.0",
      digest: "0".repeat(64),
      dtype: "fp32",
      backend: "wasm",
      build: "wasm",
      runtime: `onnxruntime-web ${await runtimeVersion()}`,
      adapter: "none",
      browser: "chrome 156",
      salt: "0".repeat(32),
      inputs: await digestsOf(tensors.inputs),
      outputs: await digestsOf(tensors.outputs),
      timings: { queueMs: 0, runMs: 1, totalMs: 1 },
      ...record,
    },
    inputs: inFile(tensors.inputs),
    outputs: inFile(tensors.outputs),
  };
}

/** Writes a file of its own. @returns where it is */
export async function writeCapture(captured: unknown): Promise<string> {
  const file = join(await temporaryFolder(), "prediction.json");
  await writeFile(file, typeof captured === "string" ? captured : JSON.stringify(captured));
  return file;
}

import {
  ATTRIBUTES,
  type PredictionRecord,
  type ReferenceFeature,
  toHex,
} from "@selvedge/protocol";
import { RUNTIME_VERSION, TFJS_VERSION } from "../engine/runtime-files.ts";
import { findGpu, type GpuMemory } from "../proving/gpu.ts";
import type { AnsweredCall } from "../telemetry/answered-call.ts";
import { deviceResource } from "../telemetry/device-resource.ts";
import { digestTensors } from "./digest-tensors.ts";

const RUNTIMES = {
  onnx: `onnxruntime-web ${RUNTIME_VERSION}`,
  tfjs: `tfjs ${TFJS_VERSION}`,
} as const;

/**
 * Writes down what a call was, where it ran, and the digests of what went in and came out.
 *
 * @param gpu as it was found before
 */
export async function makeRecord(call: AnsweredCall, gpu: GpuMemory): Promise<PredictionRecord> {
  const { id, at, served, timings, cohort } = call;
  const { name: model, version, digest, dtype, engine, settings, reference } = served.opened;
  const traceId = call.traceparent?.split("-")[1];
  const { backend, build, layout } = served.host.place;
  return {
    id,
    at,
    model,
    version,
    digest,
    dtype,
    backend,
    build,
    ...(layout === undefined ? {} : { layout }),
    ...(settings === undefined ? {} : { settings }),
    runtime: RUNTIMES[engine],
    adapter: backend === "wasm" ? "none" : await adapterOf(gpu),
    browser: deviceResource(navigator)[ATTRIBUTES.browser] ?? "other",
    cohort,
    salt: toHex(crypto.getRandomValues(new Uint8Array(16))),
    inputs: await digestTensors(call.inputs ?? {}),
    outputs: await digestTensors(call.outputs),
    ...(reference === undefined ? {} : { features: await binsOf(reference.features, call) }),
    timings,
    ...(traceId === undefined ? {} : { traceId }),
  };
}

/** Its own chunk: most packs have no reference, and what measures images and texts is not small. */
async function binsOf(
  features: readonly ReferenceFeature[],
  call: AnsweredCall,
): Promise<Record<string, number | null>> {
  const { featureBins } = await import("./feature-bins.ts");
  return featureBins(features, call);
}

/** What kind of GPU there is, as coarsely as a browser tells it. */
async function adapterOf(memory: GpuMemory): Promise<string> {
  const gpu = await findGpu(memory);
  if (!gpu.found) return "none";
  if (gpu.isFallback) return "software";
  return [gpu.vendor, gpu.architecture].filter(Boolean).join(" ") || "unknown";
}

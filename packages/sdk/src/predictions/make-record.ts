import {
  ATTRIBUTES,
  binOf,
  measure,
  type PredictionRecord,
  type ReferenceFeature,
  toHex,
  valueCount,
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
    ...(reference === undefined ? {} : { features: binsOf(reference.features, call) }),
    timings,
    ...(traceId === undefined ? {} : { traceId }),
  };
}

/** Which bin each feature's value fell into, where the call has one value of it: never the value. */
function binsOf(
  features: readonly ReferenceFeature[],
  { inputs = {}, outputs }: AnsweredCall,
): Record<string, number | null> {
  const bins = features.flatMap((feature): [string, number | null][] => {
    const tensor = (feature.side === "input" ? inputs : outputs)[feature.tensor];
    if (tensor === undefined || valueCount(feature, tensor) !== 1) return [];
    return [[feature.name, binOf(feature, measure(feature, tensor, 0)).bin ?? null]];
  });
  return Object.fromEntries(bins);
}

/** What kind of GPU there is, as coarsely as a browser tells it. */
async function adapterOf(memory: GpuMemory): Promise<string> {
  const gpu = await findGpu(memory);
  if (!gpu.found) return "none";
  if (gpu.isFallback) return "software";
  return [gpu.vendor, gpu.architecture].filter(Boolean).join(" ") || "unknown";
}

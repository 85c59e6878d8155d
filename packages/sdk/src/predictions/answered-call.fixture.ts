import type { Reference } from "@selvedge/protocol";
import type { EngineHost } from "../serving/engine-host.ts";
import type { HostOpened } from "../serving/pack-opener.ts";
import type { Served } from "../serving/served.ts";
import type { AnsweredCall } from "../telemetry/answered-call.ts";
import type { Tensor } from "../tensor.ts";

/** A row of floats. */
export function row(...values: number[]): Tensor {
  return { type: "float32", data: Float32Array.from(values), dims: [1, values.length] };
}

/** A reference that says which classes the scores in `probabilities` are of. */
export const CLASSES: Reference = {
  samples: 3,
  features: [
    {
      name: "probabilities.class",
      side: "output",
      tensor: "probabilities",
      measure: "class",
      categories: ["0", "1", "2"],
      counts: [1, 1, 1],
      missing: 0,
    },
  ],
};

/** A version that answers on WASM. */
export function servedWith(opened: Partial<HostOpened> = {}): Served {
  const place: EngineHost["place"] = { backend: "wasm", build: "wasm", features: [] };
  return {
    host: { place },
    opened: {
      name: "animals",
      version: "1.2.0",
      digest: "d".repeat(64),
      dtype: "fp32",
      engine: "onnx",
      ...opened,
    },
  } as Served;
}

/** A call that was answered with `outputs`. */
export function answeredCall(call: Partial<AnsweredCall> = {}): AnsweredCall {
  return {
    id: crypto.randomUUID(),
    at: Date.now(),
    served: servedWith(),
    inputs: { x: row(1, 2) },
    outputs: { y: row(3) },
    timings: { queueMs: 1, runMs: 2, totalMs: 4 },
    options: {},
    cohort: "stable",
    ...call,
  };
}

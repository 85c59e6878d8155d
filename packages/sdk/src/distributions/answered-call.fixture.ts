import type { ReferenceFeature } from "@selvedge/protocol";
import type { AnsweredCall } from "../telemetry/answered-call.ts";
import type { Tensors } from "../tensor.ts";

/** A number in, scores of two classes out. */
export const FEATURES: readonly ReferenceFeature[] = [
  {
    name: "age",
    side: "input",
    tensor: "x",
    element: 0,
    measure: "value",
    edges: [20, 40],
    range: [0, 90],
    counts: [10, 10, 10],
    missing: 0,
  },
  {
    name: "y.class",
    side: "output",
    tensor: "y",
    measure: "class",
    categories: ["0", "1"],
    counts: [15, 15],
    missing: 0,
  },
];

export const row = (...data: number[]): Tensors[string] => ({
  type: "float32",
  data: Float32Array.from(data),
  dims: [1, data.length],
});

/** A call of a pack with these features, as watchers are told of it. */
export function answeredCall({
  inputs = { x: row(30) },
  outputs = { y: row(0.25, 0.75) },
  at = Date.UTC(2026, 10, 22, 9, 30, 45),
  features = FEATURES,
  digest = "d1",
}: {
  inputs?: Tensors | undefined;
  outputs?: Tensors;
  at?: number;
  features?: readonly ReferenceFeature[] | undefined;
  digest?: string;
} = {}): AnsweredCall {
  const opened = {
    name: "penguins",
    version: "1.0.0",
    dtype: "fp32",
    digest,
    ...(features === undefined ? {} : { reference: { samples: 30, features } }),
  };
  const host = { place: { backend: "wasm", build: "wasm", features: [] } };
  return {
    id: "p1",
    at,
    // Of what serves a call, telemetry is told more than what is looked at here.
    served: { opened, host } as unknown as AnsweredCall["served"],
    inputs,
    outputs,
    timings: { queueMs: 0, runMs: 1, totalMs: 1 },
    options: {},
    cohort: "stable",
  };
}

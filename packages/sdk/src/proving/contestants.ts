import type { Rung } from "../serving/ladder.ts";
import type { VariantSummary } from "../worker/engine-api.ts";
import type { Gpu } from "./gpu.ts";

/** What could serve in the place of what does. */
export interface Contestants {
  /** In the order in which they are tried. */
  readonly rungs: readonly Rung[];
  /** Those that this device, or the pack, rules out. */
  readonly rejected: readonly { readonly rung: Rung; readonly reason: string }[];
}

/** Where a precision could run besides WASM, on what this device has. */
export function contestantsOf(
  variants: readonly VariantSummary[],
  { dtype }: Pick<Rung, "dtype">,
  gpu: Gpu,
): Contestants {
  const webgpu = { backend: "webgpu", build: "webgpu" } as const;
  const reject = (reason: string): Contestants => ({
    rungs: [],
    rejected: [{ rung: { place: { ...webgpu, features: [] }, dtype }, reason }],
  });
  const isAllowed = variants.some(
    (variant) => variant.dtype === dtype && variant.backends.includes("webgpu"),
  );
  if (!isAllowed) return reject(`the pack does not allow ${dtype} on WebGPU`);
  if (!gpu.found) return reject(gpu.reason);
  if (gpu.isFallback) return reject(`${gpu.description} is a fallback adapter: software`);
  const { features } = gpu;
  const rungs = (["NHWC", "NCHW"] as const).map((layout) => ({
    place: { ...webgpu, layout, features },
    dtype,
  }));
  return { rungs, rejected: [] };
}

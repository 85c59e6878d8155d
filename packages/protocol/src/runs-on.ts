import type { Variant } from "./manifest.ts";

/** A place to run a model, and what it has. */
export interface Device {
  /** Such as `wasm` or `webgpu`. */
  readonly backend: string;
  /** What it offers of what variants may require, such as `shader-f16`; WASM has none of WebGPU's. */
  readonly features: readonly string[];
}

/** Whether a variant may run on a device, and finds there what it requires. */
export function runsOn(
  { backends, requires }: Pick<Variant, "backends" | "requires">,
  { backend, features }: Device,
): boolean {
  return backends.includes(backend) && requires.every((feature) => features.includes(feature));
}

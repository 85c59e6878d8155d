import { hasJspi } from "../diagnosis/wasm-facts.ts";
import type { PlaceFacts } from "./candidates.ts";
import { findGpu, type GpuMemory } from "./gpu.ts";

/** Looks at what of the device decides where a model may run. Never rejects. */
export async function placeFacts(memory?: GpuMemory): Promise<PlaceFacts> {
  // Chromium alone says it, rounded, in GiB.
  const { deviceMemory } = navigator as { readonly deviceMemory?: number };
  return {
    gpu: await findGpu(memory),
    hasJspi: hasJspi(),
    ...(deviceMemory === undefined ? {} : { deviceMemoryBytes: deviceMemory * 2 ** 30 }),
  };
}

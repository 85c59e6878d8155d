import {
  emptyGlueHost,
  type Glue,
  type GlueHost,
  memoryAhead as memoryAheadOf,
  startGlue,
} from "@selvedge/protocol";

/**
 * onnxruntime-web imports its glue by URL and lets the glue fetch and compile the wasm. This module is
 * hosted beside the glue, self-contained, and imported in its place. A module is evaluated once per URL,
 * so what the engine worker sets here before it creates the first session is what onnxruntime sees.
 */
export const host: GlueHost = emptyGlueHost();

/** As `memoryAhead` of the host. */
export function memoryAhead(): Promise<WebAssembly.Memory> {
  return memoryAheadOf(host);
}

export default function glueWithModule(config: Record<string, unknown>): Promise<Glue> {
  return startGlue(host, config);
}

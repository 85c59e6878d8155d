import type { WakingFacts } from "@selvedge/protocol";
import { exportGlobals } from "./export-globals.ts";
import { findWakingFacts } from "./waking-facts.ts";

/** A runtime's wasm, as it is hosted. */
export interface RewrittenRuntime {
  /** Its mutable globals exported where `waking` is present; as it was otherwise. */
  readonly wasm: Uint8Array;
  /** How it is written down and restored. */
  readonly waking?: WakingFacts;
  /** Which assumption about it did not hold, where `waking` is absent. */
  readonly reason?: string;
}

/**
 * Makes a runtime one that can be written down and woken, where it is as it is taken to be.
 *
 * @param glue the JavaScript that Emscripten made for the wasm
 */
export function rewriteRuntime(wasm: Uint8Array, glue: string): RewrittenRuntime {
  try {
    const waking = findWakingFacts(wasm, glue);
    return { wasm: exportGlobals(wasm).wasm, waking };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return { wasm, reason: error.message };
  }
}

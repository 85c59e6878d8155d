/**
 * Modules of one function each, which validate where the browser knows their one instruction:
 * `i8x16.popcnt`, and `i8x16.relaxed_swizzle`.
 */
const HEADER = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];
const RETURNS_V128 = [1, 5, 1, 0x60, 0, 1, 0x7b, 3, 2, 1, 0];
const SIMD = [...HEADER, ...RETURNS_V128, 10, 10, 1, 8, 0, 0x41, 0, 0xfd, 15, 0xfd, 98, 11];
const RELAXED = [0x41, 1, 0xfd, 15, 0x41, 2, 0xfd, 15, 0xfd, 128, 2];
const RELAXED_SIMD = [...HEADER, ...RETURNS_V128, 10, 15, 1, 13, 0, ...RELAXED, 11];

/** Whether WASM may wait for promises without being rewritten for it. */
export function hasJspi(): boolean {
  return hasWasm() && "Suspending" in WebAssembly;
}

export function hasWasmSimd(): boolean {
  return hasWasm() && WebAssembly.validate(new Uint8Array(SIMD));
}

export function hasRelaxedSimd(): boolean {
  return hasWasm() && WebAssembly.validate(new Uint8Array(RELAXED_SIMD));
}

/** Whether the content security policy in force here lets WASM be compiled. */
export function canCompileWasm(): boolean {
  try {
    return hasWasm() && new WebAssembly.Module(new Uint8Array(HEADER)) !== undefined;
  } catch {
    return false;
  }
}

function hasWasm(): boolean {
  return typeof WebAssembly !== "undefined";
}

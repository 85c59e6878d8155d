/** Exports `a`: the bits of `x - x` as a float32, for an `x` that is given. */
const PROBE = Uint8Array.of(
  ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
  // One type: (f32) -> i32.
  ...[0x01, 0x06, 0x01, 0x60, 0x01, 0x7d, 0x01, 0x7f],
  // One function of it, exported.
  ...[0x03, 0x02, 0x01, 0x00, 0x07, 0x05, 0x01, 0x01, 0x61, 0x00, 0x00],
  // local.get 0, local.get 0, f32.sub, i32.reinterpret_f32.
  ...[0x0a, 0x0a, 0x01, 0x08, 0x00, 0x20, 0x00, 0x20, 0x00, 0x93, 0xbc, 0x0b],
);

/** The kind of processor, as far as WebAssembly can tell. */
export type Architecture = "x86" | "other";

/**
 * What an image could depend on besides its runtime. All that WebAssembly finds out about a processor by
 * itself, relaxed SIMD aside, is which bits a NaN has that comes out of a computation: x86 sets the sign,
 * ARM does not. It is also what libraries compiled to WebAssembly tell the two apart by.
 *
 * @throws Error where a content security policy does not let WebAssembly be compiled.
 * @see https://webassembly.github.io/spec/core/exec/numerics.html#nan-propagation
 */
export function architecture(): Architecture {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(PROBE));
  const probe = exports["a"] as (x: number) => number;
  return probe(Number.POSITIVE_INFINITY) < 0 ? "x86" : "other";
}

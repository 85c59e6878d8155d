import type { PackedVariant } from "./quantize/make-variant.ts";
import type { SplitModel } from "./split-model.ts";

/**
 * A model as it is, in the precision that its weights have: `fp16` where most of their bytes are
 * float16. That runs on WASM, which widens it; on WebGPU it would take a device with `shader-f16`.
 */
export function ownVariant(split: SplitModel): PackedVariant & { readonly dtype: "fp32" | "fp16" } {
  return bytesOf(split, "float16") > bytesOf(split, "float32")
    ? // As stored, as float32, and packed for the kernels.
      { dtype: "fp16", backends: ["wasm"], split, expansion: 5 }
    : { dtype: "fp32", backends: ["wasm", "webgpu"], split, expansion: 2 };
}

function bytesOf({ tensors }: SplitModel, type: string): number {
  return tensors.reduce((sum, { dtype, bytes }) => sum + (dtype === type ? bytes.length : 0), 0);
}

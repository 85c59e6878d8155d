import { tensorBytes } from "@selvedge/protocol";
import type { SplitModel } from "../onnx/split-model.ts";
import type { PackedVariant } from "../quantize/make-variant.ts";
import { memoryEstimate } from "./memory-estimate.ts";

/**
 * A model as it is, in the precision that its weights have: `fp16` where most of their bytes are
 * float16. That runs on WASM, which widens it; on WebGPU it would take a device with `shader-f16`.
 */
export function ownVariant(split: SplitModel): PackedVariant & { readonly dtype: "fp32" | "fp16" } {
  const halves = bytesOf(split, "float16");
  const memoryBytes = memoryEstimate(split);
  const common = { engine: "onnx", requires: [], split } as const;
  return halves > bytesOf(split, "float32")
    ? // Beside what is stored, a session keeps it as float32.
      { ...common, dtype: "fp16", backends: ["wasm"], memoryBytes: memoryBytes + halves }
    : { ...common, dtype: "fp32", backends: ["wasm", "webgpu"], memoryBytes };
}

function bytesOf({ tensors }: SplitModel, type: string): number {
  return tensors.reduce(
    (sum, { dtype, dims }) => sum + (dtype === type ? (tensorBytes(dtype, dims) ?? 0) : 0),
    0,
  );
}

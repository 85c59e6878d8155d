import type { SplitModel } from "./split-model.ts";

/** What a model's weights are in already: `fp16` where most of their bytes are float16. */
export function ownDtype({ tensors }: SplitModel): "fp32" | "fp16" {
  const bytesOf = (type: string): number =>
    tensors.reduce((sum, { dtype, bytes }) => sum + (dtype === type ? bytes.length : 0), 0);
  return bytesOf("float16") > bytesOf("float32") ? "fp16" : "fp32";
}

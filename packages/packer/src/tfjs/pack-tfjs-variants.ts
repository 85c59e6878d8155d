import { SelvedgeError } from "@selvedge/protocol";
import type { SplitModel } from "../onnx/split-model.ts";
import type { PackedVariant } from "../quantize/make-variant.ts";
import type { PackableDtype } from "../quantize/recipes.ts";
import { memoryEstimate } from "../variants/memory-estimate.ts";

/**
 * Makes the variant of a TensorFlow.js model: the model as it is, quantized or not.
 *
 * @throws SelvedgeError `model-unsupported` for any other dtype.
 */
export async function packTfjsVariants(options: {
  readonly dtypes: readonly PackableDtype[];
  readonly fp32: SplitModel;
}): Promise<{ variants: PackedVariant[]; warnings: string[] }> {
  const { dtypes, fp32 } = options;
  const other = dtypes.find((dtype) => dtype !== "fp32");
  if (other !== undefined)
    throw new SelvedgeError(
      "model-unsupported",
      `A TensorFlow.js model cannot be packed as ${other}, only as it is. Leave --dtype out, and quantize the model as it is converted if it should be smaller.`,
    );
  const place = { engine: "tfjs", backends: ["wasm"], requires: [] } as const;
  const memoryBytes = memoryEstimate(fp32);
  return { variants: [{ dtype: "fp32", ...place, split: fp32, memoryBytes }], warnings: [] };
}

import { SelvedgeError } from "@selvedge/protocol";
import type { PackedVariant } from "./quantize/make-variant.ts";
import type { PackableDtype } from "./quantize/recipes.ts";
import type { SplitModel } from "./split-model.ts";

/** What a session keeps of a weight, as a multiple of its stored bytes: as read, and as computed with. */
const EXPANSION = 2;

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
  const variant = { dtype: "fp32", engine: "tfjs", backends: ["wasm"], split: fp32 } as const;
  return { variants: [{ ...variant, expansion: EXPANSION }], warnings: [] };
}

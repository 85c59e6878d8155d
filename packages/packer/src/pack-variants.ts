import { fromBinary } from "@bufbuild/protobuf";
import { ModelProtoSchema } from "onnx-buf";
import type { BaseVersion } from "./base-version.ts";
import { type GoldenSet, typicalOf } from "./golden.ts";
import { prepareModel } from "./passes/prepare-model.ts";
import { type PackedVariant, storedBytes } from "./quantize/make-variant.ts";
import { makeVariantFrom } from "./quantize/make-variant-from.ts";
import { PACKABLE_DTYPES, type PackableDtype, type QuantizedDtype } from "./quantize/recipes.ts";
import { readBaseScales } from "./read-base-scales.ts";
import type { SplitModel } from "./split-model.ts";

/**
 * Makes the variants that were asked for, the most precise first: a device that is free to choose
 * takes the first that it can run.
 *
 * @throws SelvedgeError `model-unsupported` or `model-invalid` where one cannot be made.
 */
export async function packVariants(options: {
  readonly dtypes: readonly PackableDtype[];
  /** The model as one file. */
  readonly original: Uint8Array<ArrayBuffer>;
  /** The same without its weights, which is what fp32 devices get. */
  readonly fp32: SplitModel;
  readonly golden: GoldenSet;
  /** Of which scales are kept. */
  readonly base?: BaseVersion | undefined;
  readonly onDtype: (dtype: PackableDtype) => void;
}): Promise<{ variants: PackedVariant[]; warnings: string[] }> {
  const { dtypes, original, fp32, golden, base, onDtype } = options;
  const variants: PackedVariant[] = [];
  const quantized = PACKABLE_DTYPES.filter(
    (dtype): dtype is QuantizedDtype => dtype !== "fp32" && dtypes.includes(dtype),
  );
  if (dtypes.includes("fp32"))
    variants.push({
      dtype: "fp32",
      engine: "onnx",
      backends: ["wasm", "webgpu"],
      split: fp32,
      expansion: 2,
    });
  const [first] = quantized;
  if (first === undefined) return { variants, warnings: [] };
  onDtype(first);
  const source = fromBinary(ModelProtoSchema, original);
  const { model, warnings } = await prepareModel(source, typicalOf(golden.cases));
  const fp32Bytes = storedBytes(fp32);
  for (const dtype of quantized) {
    if (dtype !== first) onDtype(dtype);
    const scales = base && (await readBaseScales(base, dtype));
    const { variant, warning } = await makeVariantFrom(scales, {
      dtype,
      prepared: model,
      fp32Bytes,
      golden,
    });
    variants.push(variant);
    if (warning !== undefined) warnings.push(warning);
  }
  return { variants, warnings };
}

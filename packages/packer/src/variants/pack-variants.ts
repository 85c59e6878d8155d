import { clone, fromBinary } from "@bufbuild/protobuf";
import { SelvedgeError } from "@selvedge/protocol";
import { type ModelProto, ModelProtoSchema } from "onnx-buf";
import { type GoldenSet, typicalOf } from "../golden/golden.ts";
import { type SplitModel, splitModel } from "../onnx/split-model.ts";
import { optimizeModel } from "../passes/optimize-model.ts";
import { prepareModel } from "../passes/prepare-model.ts";
import { type PackedVariant, storedBytes } from "../quantize/make-variant.ts";
import { makeVariantFrom } from "../quantize/make-variant-from.ts";
import { readBaseScales } from "../quantize/read-base-scales.ts";
import {
  PACKABLE_DTYPES,
  type PackableDtype,
  type QuantizedDtype,
  RECIPES,
} from "../quantize/recipes.ts";
import type { BaseVersion } from "../registry/base-version.ts";
import { ownVariant } from "./own-variant.ts";

/**
 * Makes the variants that were asked for, the most precise first: a device that is free to choose
 * takes the first that it can run.
 *
 * @throws SelvedgeError `model-unsupported` or `model-invalid` where one cannot be made.
 */
export async function packVariants(options: {
  readonly dtypes: readonly PackableDtype[];
  /** The model as one file; without its weights where those stay in their files. */
  readonly original: Uint8Array<ArrayBuffer>;
  /** The same without its weights. */
  readonly fp32: SplitModel;
  readonly golden: GoldenSet;
  /** How large the difference from fp32's answers may be, as a share of those. */
  readonly maxError?: number | undefined;
  /** Of which scales are kept. */
  readonly base?: BaseVersion | undefined;
  readonly onDtype: (dtype: PackableDtype) => void;
}): Promise<{ variants: PackedVariant[]; warnings: string[] }> {
  const { dtypes, original, golden, maxError, base, onDtype } = options;
  const variants: PackedVariant[] = [];
  const { split: fp32, model: optimized, warnings: notes } = await optimize(options);
  const own = ownVariant(fp32);
  if (own.dtype === "fp16" && dtypes.includes("fp32"))
    notes.push("The model's weights are float16. It is packed as it is, and called fp16.");
  const quantized = PACKABLE_DTYPES.filter(
    (dtype): dtype is QuantizedDtype =>
      dtype !== "fp32" && dtype !== own.dtype && dtypes.includes(dtype),
  );
  if (dtypes.includes("fp32") || dtypes.includes(own.dtype)) variants.push(own);
  const [first] = quantized;
  if (first === undefined) return { variants, warnings: notes };
  onDtype(first);
  const source = optimized ?? fromBinary(ModelProtoSchema, original);
  const { model, warnings } = await prepareModel(source, typicalOf(golden.cases));
  const fp32Bytes = storedBytes(fp32);
  for (const dtype of quantized) {
    if (dtype !== first) onDtype(dtype);
    const scales = base && (await readBaseScales(base, dtype));
    const common = { dtype, prepared: model, fp32Bytes, golden, maxError };
    for (const recipe of RECIPES[dtype])
      try {
        const { variant, warning } = await makeVariantFrom(scales, { ...common, recipe });
        variants.push(variant);
        if (warning !== undefined) warnings.push(warning);
      } catch (error) {
        if (!recipe.isOptional || !isUnsupported(error)) throw error;
        const needs = recipe.requires.join(" and ");
        warnings.push(
          `The ${dtype} graph for devices with ${needs} was left out. ${error.message}`,
        );
      }
  }
  return { variants, warnings: [...notes, ...warnings] };
}

/**
 * The model as all variants start from it, and without its weights, as fp32 devices get it. One whose
 * weights stay in their files is as it was.
 */
async function optimize({
  original,
  fp32,
  golden,
}: {
  readonly original: Uint8Array<ArrayBuffer>;
  readonly fp32: SplitModel;
  readonly golden: GoldenSet;
}): Promise<{ split: SplitModel; model?: ModelProto; warnings: string[] }> {
  if (fp32.tensors.some(({ range }) => range !== undefined)) return { split: fp32, warnings: [] };
  const source = fromBinary(ModelProtoSchema, original);
  const { model, warnings } = await optimizeModel(source, golden);
  const split = await splitModel(clone(ModelProtoSchema, model));
  return storedBytes(split) <= storedBytes(fp32)
    ? { split, model, warnings }
    : { split: fp32, model, warnings };
}

function isUnsupported(error: unknown): error is SelvedgeError {
  return error instanceof SelvedgeError && error.code === "model-unsupported";
}

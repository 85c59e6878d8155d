import {
  type Device,
  type Dtype,
  type Manifest,
  runsOn,
  SelvedgeError,
  type Variant,
} from "@selvedge/protocol";
import { ENGINES, type EngineName } from "../worker/engine-api.ts";

/** A variant that this version has an engine for. */
export type RunnableVariant = Variant & { readonly engine: EngineName };

/** Which variant of a pack is wanted, and where it is to run. */
export interface VariantSelector extends Device {
  readonly dtype: Dtype | "auto";
}

/**
 * The variant that a device takes: of the precision that is named, or of any, the first that it can
 * run. A packer puts those that need more before those that run anywhere.
 */
export function findVariant(
  { variants }: Pick<Manifest, "variants">,
  wanted: VariantSelector,
): RunnableVariant | undefined {
  return variants
    .filter(isRunnable)
    .find((variant) => isMeant(variant, wanted) && runsOn(variant, wanted));
}

/**
 * The same, where there has to be one.
 *
 * @throws SelvedgeError `no-candidate`, naming what is packed, what is allowed there, or what the device
 * lacks.
 */
export function chooseVariant(manifest: Manifest, wanted: VariantSelector): RunnableVariant {
  const chosen = findVariant(manifest, wanted);
  if (chosen !== undefined) return chosen;
  const { dtype, backend } = wanted;
  throw new SelvedgeError(
    "no-candidate",
    `${manifest.name}@${manifest.version} ${obstacle(manifest.variants, wanted)}`,
    { detail: { dtype, backend } },
  );
}

function isRunnable(variant: Variant): variant is RunnableVariant {
  return ENGINES.some((engine) => engine === variant.engine);
}

function isMeant({ dtype }: Variant, wanted: VariantSelector): boolean {
  return wanted.dtype === "auto" || wanted.dtype === dtype;
}

function obstacle(packed: readonly Variant[], wanted: VariantSelector): string {
  const { dtype, backend, features } = wanted;
  const variants = packed.filter(isRunnable);
  const ofDtype = variants.filter((variant) => isMeant(variant, wanted));
  const there = ofDtype.filter(({ backends }) => backends.includes(backend));
  const lacking = there.flatMap(({ requires }) =>
    requires.filter((feature) => !features.includes(feature)),
  );
  if (lacking.length > 0)
    return `needs ${list(lacking)} for ${dtype} on ${backend}, which this device lacks. Ask for another dtype or backend.`;
  if (dtype === "auto")
    return `has no variant for ${ENGINES.join(" or ")} on ${backend}, which this version of Selvedge needs. Pack one, or update Selvedge.`;
  const foreign = packed.find((variant) => isMeant(variant, wanted));
  if (ofDtype.length === 0 && foreign !== undefined)
    return `needs the engine "${foreign.engine}" for ${dtype}, and this version of Selvedge has ${ENGINES.join(" and ")} only. Ask for another dtype, or update Selvedge.`;
  if (ofDtype.length === 0)
    return `is not packed as ${dtype}, only as ${list(packed.map((variant) => variant.dtype))}. Ask for one of those, or leave dtype "auto".`;
  const others = variants.filter(({ backends }) => backends.includes(backend));
  const places = [...new Set(ofDtype.flatMap(({ backends }) => backends))].join(" and ");
  return `allows ${dtype} on ${places} only, and ${list(others.map((variant) => variant.dtype)) || "nothing"} on ${backend}. Ask for one of those.`;
}

function list(names: readonly string[]): string {
  return [...new Set(names)].join(", ");
}

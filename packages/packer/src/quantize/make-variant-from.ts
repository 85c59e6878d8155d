import { SelvedgeError } from "@selvedge/protocol";
import { type BaseScales, KeptScales } from "./kept-scales.ts";
import { makeVariant, type PackedVariant, type VariantSource } from "./make-variant.ts";

/** What a variant may lose by keeping scales, in decibels: at this its noise has doubled. */
const MOST_LOST_DB = 3;

/**
 * Makes a variant whose weights keep the scales of a base version as far as their own error allows;
 * all of them get scales of their own where the variant, run on the golden inputs, is refused with
 * the base's or clearly worse.
 *
 * @param base without it, no scales are kept
 * @returns the variant, and a warning where it could not keep what its weights would have kept
 * @throws SelvedgeError as `makeVariant` does, where it cannot be made either way.
 */
export async function makeVariantFrom(
  base: BaseScales | undefined,
  options: Omit<VariantSource, "keptScales">,
): Promise<{ variant: PackedVariant; warning?: string }> {
  if (base === undefined) return { variant: await makeVariant(options) };
  const keptScales = new KeptScales(base);
  const keeping = await madeOrRefused({ ...options, keptScales });
  const scales = keptScales.counts;
  if (scales.kept === 0) return { variant: { ...madeOf(keeping), scales } };
  const own = await madeOrRefused(options);
  const reason = reasonForOwn(keeping, own);
  if (reason === undefined) return { variant: { ...madeOf(keeping), scales } };
  return {
    variant: { ...madeOf(own), scales: { ...scales, kept: 0 } },
    warning: `${options.dtype} has scales of its own, and its update takes more bytes: ${reason}.`,
  };
}

/** A variant, or why it cannot be packed. */
async function madeOrRefused(options: VariantSource): Promise<PackedVariant | SelvedgeError> {
  try {
    return await makeVariant(options);
  } catch (error) {
    if (error instanceof SelvedgeError) return error;
    throw error;
  }
}

function madeOf(attempt: PackedVariant | SelvedgeError): PackedVariant {
  if (attempt instanceof SelvedgeError) throw attempt;
  return attempt;
}

/** Why a variant is better off with scales of its own; `undefined` where it is not. */
function reasonForOwn(
  keeping: PackedVariant | SelvedgeError,
  own: PackedVariant | SelvedgeError,
): string | undefined {
  if (keeping instanceof SelvedgeError) return "with the base's it would be refused";
  if (own instanceof SelvedgeError) return undefined;
  const [lesser, better] = [keeping.error?.snrDb ?? 0, own.error?.snrDb ?? 0];
  if (lesser >= better - MOST_LOST_DB) return undefined;
  return `with the base's its answers would be ${lesser} dB from those of fp32, and are ${better} dB`;
}

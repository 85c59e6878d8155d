import { type Dtype, SelvedgeError, type Tolerance } from "@selvedge/protocol";
import type { PackableDtype } from "../quantize/recipes.ts";
import { isLax, PROVEN_BACKENDS } from "./tolerance.ts";

/** Tolerances that are given rather than derived: by backend, or by dtype and backend as in `q8/wasm`. */
export type OwnTolerances = Readonly<Record<string, Tolerance>>;

/** @throws SelvedgeError `options-invalid` for a tolerance of what is not packed. */
export function checkOwnTolerances(own: OwnTolerances, dtypes: readonly PackableDtype[]): void {
  const known = PROVEN_BACKENDS.flatMap((backend) => [
    backend,
    ...dtypes.filter((dtype) => dtype !== "fp32").map((dtype) => `${dtype}/${backend}`),
  ]);
  for (const place of Object.keys(own))
    if (!known.includes(place))
      throw new SelvedgeError(
        "options-invalid",
        `There is a tolerance for "${place}", which is not packed. Give one for ${known.join(", ")}.`,
      );
}

/**
 * @param magnitude the largest golden answer
 * @throws SelvedgeError `options-invalid` for a tolerance within which zeros would pass for answers.
 */
export function refuseLaxTolerances(own: OwnTolerances, magnitude: number): void {
  for (const [place, tolerance] of Object.entries(own))
    if (isLax(tolerance, magnitude))
      throw new SelvedgeError(
        "options-invalid",
        `The tolerance for ${place} is ${tolerance.absolute} and ${100 * tolerance.relative}%, and the largest golden answer is ${magnitude.toPrecision(3)}: a device that answers zeros would pass. Allow less.`,
      );
}

/** What a variant was given, by backend. */
export function ownTolerances(
  own: OwnTolerances,
  { dtype, backends }: { readonly dtype: Dtype; readonly backends: readonly string[] },
): Record<string, Tolerance> {
  return Object.fromEntries(
    backends.flatMap((backend) => {
      const given = own[`${dtype}/${backend}`];
      return given === undefined ? [] : [[backend, given] as const];
    }),
  );
}

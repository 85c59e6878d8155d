import { type GoldenOutput, type Tolerance, toleranceFor } from "@selvedge/protocol";

/** Without golden answers nothing is known of rounding: answers have to be exact. */
const EXACT: Tolerance = { absolute: 0, relative: 0 };

/**
 * How far any answer of an output may be from what is expected: a tolerance, scaled as it is for the
 * largest of that output's golden answers.
 */
export function toleranceOfOutput(
  name: string,
  golden: readonly {
    readonly outputs: readonly (Pick<GoldenOutput, "scale"> & { readonly name: string })[];
  }[],
  tolerance: Tolerance = EXACT,
): Tolerance {
  const scales = golden.flatMap(({ outputs }) =>
    outputs.filter((output) => output.name === name).map(({ scale = 1 }) => scale),
  );
  return scales.length === 0 ? tolerance : toleranceFor({ scale: Math.max(...scales) }, tolerance);
}

import type { Dtype, QuantizationError, Tolerance } from "@selvedge/protocol";
import { type Golden, type GoldenSet, typicalOf } from "../golden/golden.ts";
import { ownTolerances } from "../golden/own-tolerances.ts";
import { difference, largestDifference, toleranceOfVariant } from "../golden/tolerance.ts";
import type { NamedTensor } from "../named-tensor.ts";
import { measureError } from "./measure-error.ts";

/** What answers to golden inputs say of the variant that gave them. */
export interface Judgement {
  /** Over typical cases: how it answers zeros or extremes says little of how it usually does. */
  readonly error: QuantizationError;
  readonly tolerance: Readonly<Record<string, Tolerance>>;
  /** Edge cases that no device could be held to within that tolerance. */
  readonly excused: readonly Golden[];
  /** Where it fails its own golden answers, as only whole numbers can, that have no tolerance. */
  readonly failure: string | undefined;
}

/** Judges a variant by its answers, in the order of the golden cases. */
export function judgeAnswers(
  golden: GoldenSet,
  answers: readonly (readonly NamedTensor[])[],
  { dtype, backends }: { readonly dtype: Dtype; readonly backends: readonly string[] },
): Judgement {
  const given = new Map(golden.cases.map((item, index) => [item, answers[index] ?? []]));
  const apart = (item: Golden): number => largestDifference(item, given.get(item) ?? []);
  const typical = typicalOf(golden.cases);
  const largest = Math.max(0, ...typical.map(apart).filter(Number.isFinite));
  const tolerance = {
    ...toleranceOfVariant(largest, backends, golden.tolerance),
    ...ownTolerances(golden.own, { dtype, backends }),
  };
  // Half of what the tolerance adds to the error is left for a device's own rounding.
  const room =
    largest + Math.min(...backends.map((place) => golden.tolerance[place]?.absolute ?? 0));
  const travelling = typical.filter(({ role }) => role !== "probe");
  const exact = { absolute: Number.POSITIVE_INFINITY, relative: 0 };
  const [failure] = travelling.flatMap((item) =>
    item.outputs.flatMap((output) => {
      const answer = given.get(item)?.find(({ name }) => name === output.name);
      return difference(answer, output, exact) ?? [];
    }),
  );
  return {
    error: measureError(
      typical.map(({ outputs }) => outputs),
      typical.map((item) => given.get(item) ?? []),
    ),
    tolerance,
    excused: golden.cases.filter((item) => item.role === "edge" && apart(item) > room),
    failure,
  };
}

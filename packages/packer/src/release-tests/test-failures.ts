import { SelvedgeError } from "@selvedge/protocol";
import { type CheckedBar, describeValue } from "./metric-bar.ts";
import type { Observation } from "./observation.ts";
import type { TestSet } from "./read-release-tests.ts";
import { worstCases } from "./worst-cases.ts";

/** How many failing cases are named; the others are counted. */
const NAMED = 10;

/** That a metric is not what it has to be, by how much, and on which cases most of all. */
export function shortfall({
  bar,
  value,
  observed,
  variant,
  evaluation: { title, cases },
}: {
  bar: CheckedBar;
  value: number;
  observed: readonly Observation[];
  variant: string;
  evaluation: TestSet;
}): string {
  const { metric, min, max } = bar;
  const limit = min ?? max ?? Number.NaN;
  return `${title}: ${metric} of ${variant} is ${describeValue(metric, value)} over ${counted(cases.length, "case")}, and has to be ${describeValue(metric, limit)} at ${min === undefined ? "most" : "least"}; worst: ${worstCases(metric, cases, observed)}`;
}

/** That cases do not hold, and which. */
export function regressed(
  { title, cases }: TestSet,
  variant: string,
  broken: readonly string[],
): string {
  const more = broken.length > NAMED ? `, and ${broken.length - NAMED} more` : "";
  return `${title}: ${broken.length} of ${counted(cases.length, "case")} do not hold as ${variant}: ${broken.slice(0, NAMED).join(", ")}${more}`;
}

/** `1 case`, `2 cases`. */
export function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}

/** What stops the tests of a variant at once. */
export function testFailed(what: string, cause?: unknown): SelvedgeError {
  return new SelvedgeError(
    "tests-failed",
    `${what}. Improve the model, leave out the precision that falls short, or correct the tests.`,
    { cause },
  );
}

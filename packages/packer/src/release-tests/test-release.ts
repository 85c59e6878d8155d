import { type ReleaseTests, SelvedgeError } from "@selvedge/protocol";
import type { Golden } from "../golden.ts";
import type { PackedVariant } from "../quantize/make-variant.ts";
import { tolerances } from "../tolerance.ts";
import type { ReleaseTestPlan } from "./read-release-tests.ts";
import {
  backendHere,
  NO_TOLERANCE,
  runReleaseTests,
  type TestedVariant,
  type TestProgress,
} from "./run-release-tests.ts";

/**
 * Tests variants before they are packed.
 *
 * @returns them with what was measured, and what the manifest says about the tests
 * @throws SelvedgeError `tests-failed`, with the numbers of all that fell short; `options-invalid`
 * for cases that do not fit the model.
 */
export async function testRelease(
  plan: ReleaseTestPlan | undefined,
  variants: readonly PackedVariant[],
  options: {
    readonly golden: readonly Golden[];
    readonly onProgress: (progress: TestProgress) => void;
    readonly signal?: AbortSignal | undefined;
  },
): Promise<{ variants: readonly PackedVariant[]; tests?: ReleaseTests }> {
  if (plan === undefined) return { variants };
  const tested = variants.map((variant) => testedVariant(variant, options.golden));
  const { measured, failures } = await runReleaseTests(plan, tested, options);
  if (failures.length > 0)
    throw new SelvedgeError(
      "tests-failed",
      `${failures.join("; ")}. Nothing was packed: improve the model, leave out the precision that falls short, or correct the tests.`,
      { detail: { failures } },
    );
  const { evaluation } = plan;
  return {
    variants:
      evaluation === undefined
        ? variants
        : variants.map((variant, index) => ({ ...variant, metrics: measured[index] ?? {} })),
    tests: plan.recorded,
  };
}

function testedVariant(variant: PackedVariant, golden: readonly Golden[]): TestedVariant {
  const { dtype, backends, split } = variant;
  const backend = backendHere(backends);
  const own = variant.tolerance?.[backend];
  const shared = tolerances(golden.flatMap(({ outputs }) => outputs))[backend];
  return {
    name: dtype,
    graph: split.graph,
    weights: new Map(split.tensors.map(({ sha256, bytes }) => [sha256, bytes])),
    tolerance: own ?? shared ?? NO_TOLERANCE,
  };
}

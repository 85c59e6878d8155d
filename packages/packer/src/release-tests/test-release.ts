import { type ReleaseTests, SelvedgeError } from "@selvedge/protocol";
import type { GoldenSet } from "../golden/golden.ts";
import type { PackedVariant } from "../quantize/make-variant.ts";
import type { ReleaseTestPlan } from "./read-release-tests.ts";
import {
  backendHere,
  runReleaseTests,
  type TestedVariant,
  type TestProgress,
} from "./run-release-tests.ts";
import { toleranceOfOutput } from "./tolerance-of-output.ts";

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
    readonly golden: GoldenSet;
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

function testedVariant(variant: PackedVariant, golden: GoldenSet): TestedVariant {
  const { dtype, engine, backends, split } = variant;
  const backend = backendHere(backends);
  // By what the manifest holds too, so that whoever verifies the pack comes to the same.
  const travelling = golden.cases.filter(({ role }) => role !== "probe");
  const tolerance = variant.tolerance?.[backend] ?? golden.tolerance[backend];
  return {
    name: dtype,
    engine,
    graph: split.graph,
    weights: new Map(split.tensors.map((tensor) => [tensor.sha256, tensor.range ?? tensor.bytes])),
    tolerance: (output) => toleranceOfOutput(output, travelling, tolerance),
  };
}

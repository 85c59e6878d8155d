import { SelvedgeError, type Tolerance } from "@selvedge/protocol";
import { type Case, nameOfCase } from "../golden/cases-file.ts";
import { messageOf } from "../message-of.ts";
import type { NamedTensor } from "../named-tensor.ts";
import { type EngineSource, openSession, runtimeTitle } from "../runtime/open-session.ts";
import type { Session } from "../runtime/worker-session.ts";
import { type CheckedBar, meets, rounded } from "./metric-bar.ts";
import { METRICS } from "./metrics.ts";
import type { Observation } from "./observation.ts";
import { type Complaints, observeCase } from "./observe-case.ts";
import type { ReleaseTestPlan, TestSet } from "./read-release-tests.ts";
import { regressionOf } from "./regression-of.ts";
import { counted, regressed, shortfall, testFailed } from "./test-failures.ts";

/** A variant to test, which runs here as a device would run it. */
export interface TestedVariant extends EngineSource {
  /** What to call it, such as `q8`. */
  readonly name: string;
  /** How far its answers may be from what is expected of an output, where that has to hold. */
  readonly tolerance: (output: string) => Tolerance;
}

/** Which backend's tolerance holds here: what is meant for others is run all the same. */
export function backendHere(backends: readonly string[]): string {
  return backends.find((backend) => backend === "wasm") ?? backends[0] ?? "wasm";
}

/** How far the tests have come. */
export interface TestProgress {
  readonly variant: string;
  /** The cases that were run, of all that are run for this variant. */
  readonly done: number;
  readonly of: number;
}

/** What tests came to. */
export interface TestOutcome {
  /** Each variant's metrics, in the order of the variants. */
  readonly measured: readonly Readonly<Record<string, number>>[];
  /** What fell short, with its numbers, in words; empty where all is well. */
  readonly failures: readonly string[];
}

/**
 * Runs every test on every variant.
 *
 * @throws SelvedgeError `tests-failed` where a variant does not run, or its answers are not finite;
 * `options-invalid` for cases that do not fit the model.
 */
export async function runReleaseTests(
  plan: ReleaseTestPlan,
  variants: readonly TestedVariant[],
  options: {
    readonly onProgress?: ((progress: TestProgress) => void) | undefined;
    readonly signal?: AbortSignal | undefined;
  } = {},
): Promise<TestOutcome> {
  const measured: Record<string, number>[] = [];
  const failures: string[] = [];
  for (const variant of variants) {
    const outcome = await testVariant(plan, variant, options);
    measured.push(outcome.metrics);
    failures.push(...outcome.failures);
  }
  return { measured, failures };
}

interface VariantOutcome {
  readonly metrics: Record<string, number>;
  /** What fell short, in words. */
  readonly failures: readonly string[];
}

async function testVariant(
  plan: ReleaseTestPlan,
  variant: TestedVariant,
  options: Parameters<typeof runReleaseTests>[2],
): Promise<VariantOutcome> {
  const { evaluation, regression, reading } = plan;
  const session = await openSession(variant).catch((cause: unknown) => {
    if (cause instanceof SelvedgeError) throw cause;
    throw testFailed(`${variant.name} cannot be loaded for its tests: ${messageOf(cause)}`, cause);
  });
  const of = (evaluation?.cases.length ?? 0) + (regression?.cases.length ?? 0);
  let done = 0;
  const runner: CaseRunner = {
    variant: variant.name,
    answer: async (test, complaints) => {
      options?.signal?.throwIfAborted();
      options?.onProgress?.({ variant: variant.name, done, of });
      done += 1;
      return await answersOf({ session, title: runtimeTitle(variant.engine) }, test, complaints);
    },
  };
  try {
    const metrics: Record<string, number> = {};
    const failures: string[] = [];
    if (evaluation !== undefined) {
      const kinds = new Set(evaluation.bars.map(({ metric }) => METRICS[metric].on));
      const observed = await runCases(evaluation, runner, (test, answers, complaints) =>
        observeCase(test, answers, { ...reading, ...complaints, kinds }),
      );
      for (const bar of evaluation.bars) {
        const value = measure(bar, evaluation, observed);
        metrics[bar.metric] = value;
        if (!meets(bar, value))
          failures.push(shortfall({ bar, value, observed, variant: variant.name, evaluation }));
      }
    }
    if (regression !== undefined) {
      const { tolerance } = variant;
      const wrongs = await runCases(regression, runner, (test, answers, complaints) =>
        regressionOf(test, answers, { ...reading, ...complaints, tolerance }),
      );
      const broken = wrongs.flatMap((wrong, index) => {
        const test = regression.cases[index];
        return wrong === undefined || test === undefined
          ? []
          : [`${nameOfCase(test, index)}: ${wrong}`];
      });
      if (broken.length > 0) failures.push(regressed(regression, variant.name, broken));
    }
    return { metrics, failures };
  } finally {
    await session.close();
  }
}

/** Runs the cases of one variant, one after another. */
interface CaseRunner {
  readonly variant: string;
  answer(test: Case, complaints: Complaints): Promise<NamedTensor[]>;
}

async function runCases<T>(
  { title, cases }: TestSet,
  { variant, answer }: CaseRunner,
  judge: (test: Case, answers: readonly NamedTensor[], complaints: Complaints) => T,
): Promise<T[]> {
  const outcomes: T[] = [];
  for (const [index, test] of cases.entries()) {
    const at = `${title}: ${nameOfCase(test, index)}`;
    const complaints: Complaints = {
      refuse: (wrong) => {
        throw new SelvedgeError("options-invalid", `${at}: ${wrong}.`);
      },
      fail: (wrong) => {
        throw testFailed(`${at}: ${wrong} as ${variant}`);
      },
    };
    outcomes.push(judge(test, await answer(test, complaints), complaints));
  }
  return outcomes;
}

async function answersOf(
  { session, title }: { readonly session: Session; readonly title: string },
  test: Case,
  { fail }: Complaints,
): Promise<NamedTensor[]> {
  try {
    return await session.run(test.inputs);
  } catch (error) {
    if (error instanceof SelvedgeError) throw error;
    return fail(`${title} does not run it (${messageOf(error)})`);
  }
}

function measure(
  { metric }: CheckedBar,
  { title, cases }: TestSet,
  observed: readonly Observation[],
): number {
  const value = rounded(METRICS[metric].of(observed));
  if (Number.isFinite(value)) return value;
  throw new SelvedgeError(
    "options-invalid",
    `${title}: ${metric} comes to ${value} over its ${counted(cases.length, "case")}, which is no value. Give cases whose labels differ and are not empty, or name another metric.`,
  );
}

import {
  type Manifest,
  type ReleaseTests,
  SelvedgeError,
  toleranceOf,
  type ValueInfo,
  type Variant,
} from "@selvedge/protocol";
import { isRunnable } from "../named-tensor.ts";
import type { DeclaredSignature } from "../onnx/signature.ts";
import { digestFile } from "../registry/digest-file.ts";
import { readRange } from "../registry/file-range.ts";
import { type Engine, isEngine } from "../runtime/open-session.ts";
import type { Contents } from "../verify/check-blobs.ts";
import type { Problem } from "../verify/problem.ts";
import { describeValue, isAsRecorded, type MetricBar } from "./metric-bar.ts";
import { METRIC_NAMES } from "./metrics.ts";
import {
  type ReleaseTestOptions,
  type ReleaseTestPlan,
  readReleaseTests,
} from "./read-release-tests.ts";
import { backendHere, runReleaseTests, type TestedVariant } from "./run-release-tests.ts";
import { toleranceOfOutput } from "./tolerance-of-output.ts";

/** The files of the tests that a pack was released by. */
export type ReleaseTestFiles = Pick<ReleaseTestOptions, "evaluation" | "regression" | "vocabulary">;

/**
 * Runs the tests that a pack was released by once more: the files have to be those that its manifest
 * knows, the bars have to be met, and the metrics have to be what was recorded.
 *
 * @returns what is not so; nothing where no files are given
 * @throws SelvedgeError `not-found` for files that are missing, `options-invalid` for a test without
 * the vocabulary it was read by.
 */
export async function checkReleaseTests(
  { manifest, contents }: { readonly manifest: Manifest; readonly contents: Contents },
  options: ReleaseTestFiles & { readonly signal?: AbortSignal | undefined },
): Promise<Problem[]> {
  const { tests = {}, variants } = manifest;
  const strangers = await strangeFiles(options, tests);
  if (strangers.length > 0) return strangers;
  const bars = knownBars(tests);
  if (typeof bars === "string") return [problem(bars)];
  const { evaluation, regression, vocabulary, signal } = options;
  const metrics = evaluation === undefined ? [] : bars;
  const named = { evaluation, metrics, regression, vocabulary, metricOutput: tests.output };
  // The output of labels was recorded with the tests, and is not asked for without them.
  const wanted = evaluation === undefined && regression === undefined ? {} : named;
  const plan = await readReleaseTests(wanted, declaredBy(manifest));
  if (plan === undefined) return [];
  // Other engines do not run here, as the golden answers of theirs are not either.
  const runnable = variants.filter(isRunnableHere);
  const tested = runnable.map((variant) => testedVariant(manifest, variant, contents));
  try {
    const { measured, failures } = await runReleaseTests(plan, tested, { signal });
    const drifts = runnable.flatMap((variant, index) => drift(plan, variant, measured[index]));
    return [...failures, ...drifts].map(problem);
  } catch (error) {
    // Also of a model that takes too long. Files that do not fit are not the pack's fault.
    if (!(error instanceof SelvedgeError) || error.code === "options-invalid") throw error;
    return [{ part: "tests", message: error.message }];
  }
}

/** Files that are not those the pack was tested by. */
async function strangeFiles(files: ReleaseTestFiles, recorded: ReleaseTests): Promise<Problem[]> {
  const strangers: Problem[] = [];
  for (const kind of ["evaluation", "regression", "vocabulary"] as const) {
    const file = files[kind];
    if (file === undefined) continue;
    const { sha256 } = await digestFile(file);
    const should = recorded[kind]?.sha256;
    if (sha256 !== should)
      strangers.push({
        part: "tests",
        message: `The ${kind} file has the digest ${sha256}, and the pack was tested by ${should ?? "none"}. Give the files it was packed with.`,
      });
  }
  return strangers;
}

/** The metrics that were measured, or why this version of the packer cannot measure them. */
function knownBars({ evaluation }: ReleaseTests): MetricBar[] | string {
  const bars: MetricBar[] = [];
  for (const bar of evaluation?.metrics ?? []) {
    const metric = METRIC_NAMES.find((name) => name === bar.metric);
    if (metric === undefined)
      return `Its metric ${bar.metric} is not one that can be measured here`;
    bars.push({ ...bar, metric });
  }
  return bars;
}

function drift(
  { evaluation }: ReleaseTestPlan,
  { dtype, metrics = {} }: Variant,
  measured: Readonly<Record<string, number>> = {},
): string[] {
  return (evaluation?.bars ?? []).flatMap((bar) => {
    const { metric } = bar;
    const [is, should] = [measured[metric], metrics[metric]];
    if (is === undefined || should === undefined || isAsRecorded(bar, is, should)) return [];
    const [value, recorded] = [describeValue(metric, is), describeValue(metric, should)];
    return [`The ${metric} of ${dtype} is ${value}, and ${recorded} was recorded`];
  });
}

type RunnableVariant = Variant & { readonly engine: Engine };

function isRunnableHere(variant: Variant): variant is RunnableVariant {
  return isEngine(variant.engine);
}

function testedVariant(
  manifest: Manifest,
  variant: RunnableVariant,
  contents: Contents,
): TestedVariant {
  const { dtype, engine, backends, graph, tensors } = variant;
  const tolerance = toleranceOf(manifest, variant, backendHere(backends));
  const place = contents.get(graph.sha256);
  return {
    name: dtype,
    engine,
    graph: place === undefined ? new Uint8Array() : readRange(place),
    weights: new Map(
      tensors.map(({ sha256 }) => [sha256, contents.get(sha256) ?? new Uint8Array()]),
    ),
    tolerance: (output) => toleranceOfOutput(output, manifest.golden.cases, tolerance),
  };
}

function declaredBy({ signature }: Manifest): DeclaredSignature {
  const declared = ({ name, dtype, dims }: ValueInfo) => ({
    name,
    dtype: isRunnable(dtype) ? dtype : undefined,
    dims,
  });
  return { inputs: signature.inputs.map(declared), outputs: signature.outputs.map(declared) };
}

function problem(what: string): Problem {
  return { part: "tests", message: `${what}. Test and pack the model again under a new version.` };
}

import { basename } from "node:path";
import { type ReleaseTests, SelvedgeError, type TestFile } from "@selvedge/protocol";
import { type Case, nameOfCase, readCases } from "../golden/cases-file.ts";
import { checkCases } from "../golden/check-cases.ts";
import type { DeclaredSignature } from "../onnx/signature.ts";
import { digestFile } from "../registry/digest-file.ts";
import { type CheckedBar, checkBars, type MetricBar } from "./metric-bar.ts";
import { METRICS } from "./metrics.ts";
import type { ObservationKind } from "./observation.ts";
import type { Reading } from "./observe-case.ts";
import { readVocabulary } from "./vocabulary.ts";

/** Longer than any line of text that a step-by-step recognizer reads; comparing takes its square. */
const LONGEST_LABEL = 10_000;

/** What a model has to pass before it is packed. */
export interface ReleaseTestOptions {
  /** A file of cases, JSON or `.npz`, that `metrics` are measured on for every precision. */
  readonly evaluation?: string | undefined;
  /** What to measure on them, and what it may not fall short of. */
  readonly metrics?: readonly MetricBar[] | undefined;
  /** A file of cases that have to hold, all of them, in every precision. */
  readonly regression?: string | undefined;
  /** A file of what the classes are called, one a line; for CTC, the blank's empty line first. */
  readonly vocabulary?: string | undefined;
  /** The output that labels are about, for models that have several. */
  readonly metricOutput?: string | undefined;
}

/** Cases, and the file they came from. */
export interface TestSet {
  /** What to call the file in messages. */
  readonly title: string;
  readonly cases: readonly Case[];
  /** As the manifest records it. */
  readonly file: TestFile;
}

/** Tests that were read and fit the model. */
export interface ReleaseTestPlan {
  readonly evaluation?: TestSet & { readonly bars: readonly CheckedBar[] };
  readonly regression?: TestSet;
  readonly reading: Reading;
  /** What the manifest says about the tests. */
  readonly recorded: ReleaseTests;
}

/**
 * Reads the tests and checks all that can be checked before the model is run.
 *
 * @returns `undefined` where there are none
 * @throws SelvedgeError `not-found` or `options-invalid`, naming the file and the case.
 */
export async function readReleaseTests(
  options: ReleaseTestOptions,
  declared: DeclaredSignature,
): Promise<ReleaseTestPlan | undefined> {
  const { evaluation: evaluationFile, regression: regressionFile, metrics = [] } = options;
  if (evaluationFile === undefined && metrics.length > 0)
    throw invalid("A metric needs cases to be measured on. Give them with --eval FILE");
  if (evaluationFile === undefined && regressionFile === undefined) {
    if (options.vocabulary === undefined && options.metricOutput === undefined) return undefined;
    throw invalid(
      "A vocabulary and an output for labels are for tests. Give some with --eval FILE or --regression FILE",
    );
  }
  const bars = evaluationFile === undefined ? [] : checkBars(metrics);
  const kinds = new Set(bars.map(({ metric }) => METRICS[metric].on));
  const vocabulary =
    options.vocabulary === undefined ? undefined : await readVocabulary(options.vocabulary);
  const reading = { output: outputForLabels(options.metricOutput, declared), vocabulary };
  const evaluation =
    evaluationFile === undefined
      ? undefined
      : await readTestSet(evaluationFile, "Evaluation file", {
          declared,
          lacks: (test) => lackForMetrics(test, kinds, reading),
        });
  const regression =
    regressionFile === undefined
      ? undefined
      : await readTestSet(regressionFile, "Regression file", {
          declared,
          lacks: (test) => lackForRegression(test, reading),
        });
  const vocabularyFile =
    options.vocabulary === undefined ? undefined : await digestFile(options.vocabulary);
  return {
    ...(evaluation === undefined ? {} : { evaluation: { ...evaluation, bars } }),
    ...(regression === undefined ? {} : { regression }),
    reading,
    recorded: {
      ...(evaluation === undefined ? {} : { evaluation: { ...evaluation.file, metrics: bars } }),
      ...(regression === undefined ? {} : { regression: regression.file }),
      ...(vocabularyFile === undefined ? {} : { vocabulary: vocabularyFile }),
      ...(options.metricOutput === undefined ? {} : { output: options.metricOutput }),
    },
  };
}

async function readTestSet(
  path: string,
  what: string,
  { declared, lacks }: { declared: DeclaredSignature; lacks: (test: Case) => string | undefined },
): Promise<TestSet> {
  const title = `${what} ${basename(path)}`;
  const cases = await readCases(path, what);
  checkCases(cases, declared, title);
  for (const [index, test] of cases.entries()) {
    const wrong = excess(test) ?? lacks(test);
    if (wrong !== undefined) throw invalid(`${title}: ${nameOfCase(test, index)}: ${wrong}`);
  }
  const { bytes, sha256 } = await digestFile(path);
  return { title, cases, file: { bytes, sha256, cases: cases.length } };
}

function excess({ label }: Case): string | undefined {
  return typeof label === "string" && label.length > LONGEST_LABEL
    ? `its label has ${label.length} characters, and ${LONGEST_LABEL} is the most`
    : undefined;
}

/** What a case lacks for metrics of these kinds. */
function lackForMetrics(
  { label, outputs = [] }: Case,
  kinds: ReadonlySet<ObservationKind>,
  reading: Reading,
): string | undefined {
  const isNumeric = label !== undefined && typeof label !== "string";
  if (kinds.has("values") && !isNumeric && outputs.length === 0)
    return "it has neither outputs nor numbers as its label, and a metric compares values";
  if (kinds.has("text") && typeof label !== "string")
    return "it has no text as its label, and a metric compares texts";
  if (kinds.has("classes") && label === undefined)
    return "it has no label, and a metric compares classes";
  const isLabelRead = kinds.has("text") || kinds.has("classes") || outputs.length === 0;
  return label !== undefined && isLabelRead ? lackForLabel(label, reading) : undefined;
}

/** What a case lacks to hold or not to. */
function lackForRegression({ label, outputs = [] }: Case, reading: Reading): string | undefined {
  if (label !== undefined) return lackForLabel(label, reading);
  return outputs.length > 0 ? undefined : "it has neither outputs nor a label, so it always holds";
}

function lackForLabel(
  label: NonNullable<Case["label"]>,
  { output, vocabulary }: Reading,
): string | undefined {
  if (output === undefined)
    return "its label is about one output, and the model has several; name one with --metric-output";
  if (typeof label === "string" && vocabulary === undefined)
    return `to read "${label}", the names of the classes are needed; give them with --vocabulary FILE`;
  return undefined;
}

function outputForLabels(
  named: string | undefined,
  { outputs }: Pick<DeclaredSignature, "outputs">,
): string | undefined {
  if (named === undefined) return outputs.length === 1 ? outputs[0]?.name : undefined;
  if (outputs.some(({ name }) => name === named)) return named;
  const names = outputs.map(({ name }) => `"${name}"`).join(", ");
  throw invalid(`The model has no output "${named}". Its outputs are ${names}`);
}

function invalid(what: string): SelvedgeError {
  return new SelvedgeError("options-invalid", `${what}.`);
}

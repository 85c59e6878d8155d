import { SelvedgeError, type ValueInfo } from "@selvedge/protocol";
import type { WorkerTensor } from "../runtime/model-worker.ts";
import { runTrial, type TrialLimits } from "./trial.ts";
import type { Trial, TrialStep } from "./trial-request.ts";
import { type InputDims, variedInputs } from "./varied-inputs.ts";

/** A model in one precision, and what it is given. */
export interface ProfiledModel extends Pick<Trial, "model"> {
  /** Name, version and precision, for people. */
  readonly title: string;
  readonly golden: readonly (readonly WorkerTensor[])[];
  readonly signature: readonly ValueInfo[];
  /** Dims that devices have met besides. */
  readonly dims: readonly InputDims[];
}

/** What a session calls of its runtime. */
export interface SessionCalls {
  /** Numbers of functions and branches, as `countCalls` has them: to load the model, and to run it. */
  readonly load: readonly number[];
  /** To run it once it was woken. Empty where the runtime cannot be. */
  readonly run: readonly number[];
  /** What it answered to the golden inputs, for whoever tries again. */
  readonly answers: readonly string[];
}

const SECOND = 1000;
const DAY = 86_400 * SECOND;

/** How much later a page may call again: a runtime has thoughts of its own about what is long ago. */
const PAUSES = [SECOND, 90 * SECOND, 3600 * SECOND, DAY, 30 * DAY];

/** How old an image may be that is woken. */
const AGES = [90 * SECOND, DAY];

/**
 * Finds out which functions of a runtime a session calls: loaded and woken, at once and after a while,
 * with golden inputs and with other dims.
 *
 * @throws SelvedgeError `golden-failed` where it answers otherwise once it was woken.
 */
export async function profileSession(
  { title, model, golden, signature, dims }: ProfiledModel,
  runtime: Omit<Trial, "model" | "steps" | "image" | "ageMs">,
  limits: TrialLimits,
): Promise<SessionCalls> {
  const [first = []] = golden;
  const once = golden.map((inputs): TrialStep => ({ kind: "run", inputs }));
  const varied = variedInputs(signature, first, dims).map(
    (inputs): TrialStep => ({ kind: "run", inputs, mayFail: true }),
  );
  const later = PAUSES.flatMap((ms): TrialStep[] => [
    { kind: "pass", ms },
    { kind: "run", inputs: first },
  ]);
  const run: TrialStep[] = [...once, ...varied, { kind: "grow" }, ...later];
  const another: TrialStep = { kind: "another", inputs: first };
  const release: TrialStep = { kind: "release" };
  const canWake = runtime.facts !== undefined;
  const writeDown: TrialStep[] = canWake ? [...once, { kind: "write-down" }] : [];
  const steps = [...writeDown, ...run, another, release, another];
  const loaded = await runTrial({ ...runtime, model, steps }, limits);
  const answers = loaded.answers.slice(canWake ? golden.length : 0);
  const { image } = loaded;
  const calls = new Set<number>();
  const use = [...run, release];
  if (image !== undefined)
    for (const [ageMs, steps] of [[0, use], ...AGES.map((age) => [age, once] as const)] as const) {
      const woken = await runTrial({ ...runtime, model, image, ageMs, steps }, limits);
      requireSame(title, answers, woken.answers);
      for (const call of woken.calls) calls.add(call);
    }
  return { load: loaded.calls, run: [...calls], answers: answers.slice(0, golden.length) };
}

/** A runtime that was fitted. */
export interface FittedModules {
  readonly load: WebAssembly.Module;
  /** Absent where the runtime cannot be woken. */
  readonly run?: WebAssembly.Module;
}

/**
 * Tries a fitted runtime on a session that it was fitted to: loaded, and woken from what is written down
 * then.
 *
 * @param answers to the golden inputs, in the full runtime
 * @throws SelvedgeError `golden-failed` where it answers otherwise; Error where it traps.
 */
export async function tryFitted(
  { title, model, golden }: ProfiledModel,
  { load, run, ...runtime }: Omit<Trial, "model" | "steps" | "module"> & FittedModules,
  answers: readonly string[],
  limits: TrialLimits,
): Promise<void> {
  const steps = golden.map((inputs): TrialStep => ({ kind: "run", inputs }));
  const writeDown: TrialStep[] = run === undefined ? [] : [{ kind: "write-down" }];
  const loaded = await runTrial(
    { ...runtime, module: load, model, steps: [...steps, ...writeDown] },
    limits,
  );
  requireSame(title, answers, loaded.answers);
  if (run === undefined) return;
  const { image } = loaded;
  const woken = await runTrial({ ...runtime, module: run, model, image, steps }, limits);
  requireSame(title, answers, woken.answers);
}

function requireSame(title: string, loaded: readonly string[], woken: readonly string[]): void {
  const at = woken.findIndex((answer, i) => answer !== loaded[i]);
  if (at === -1) return;
  throw new SelvedgeError(
    "golden-failed",
    `${title} answers otherwise in run ${at + 1} than it does when it is loaded (${woken[at]}, not ${loaded[at]}). Host the runtime without --fit, and report this as a bug.`,
  );
}

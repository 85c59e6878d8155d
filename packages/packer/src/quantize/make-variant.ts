import { type QuantizationError, SelvedgeError, type Tolerance } from "@selvedge/protocol";
import type { ModelProto } from "onnx-buf";
import { type Golden, type GoldenSet, typicalOf } from "../golden/golden.ts";
import { magnitudeOf } from "../golden/tolerance.ts";
import { unlessRefused } from "../golden/unless-refused.ts";
import type { PackedImage } from "../images/packed-image.ts";
import { messageOf } from "../message-of.ts";
import type { NamedTensor } from "../named-tensor.ts";
import { type SplitModel, splitModel } from "../onnx/split-model.ts";
import { openSession } from "../runtime/onnx-runtime.ts";
import type { Engine } from "../runtime/open-session.ts";
import { memoryEstimate } from "../variants/memory-estimate.ts";
import { type Judgement, judgeAnswers } from "./judge-answers.ts";
import { keepWorst } from "./keep-worst.ts";
import type { KeptScales, ScaleCounts } from "./kept-scales.ts";
import { quantizeModel } from "./quantize-model.ts";
import type { PackableDtype, QuantizedDtype, Recipe } from "./recipes.ts";

/**
 * Below this the noise is a third of the signal, and labels change: int8 per tensor, which garbles
 * every line a text recognizer reads, lies under it, and sound recipes at 15 dB and more.
 */
const LOWEST_SNR_DB = 10;

/** A model in one precision. */
export interface PackedVariant {
  readonly dtype: PackableDtype;
  readonly engine: Engine;
  readonly backends: readonly string[];
  /** Device features it cannot run without. */
  readonly requires: readonly string[];
  readonly split: SplitModel;
  /** An estimate of what a session of it occupies. */
  readonly memoryBytes: number;
  /** Against fp32, on the golden inputs; fp32 has none. */
  readonly error?: QuantizationError;
  /** By metric, on the cases that it was tested by. */
  readonly metrics?: Readonly<Record<string, number>>;
  /** What it kept of a base's scales; absent without a base. */
  readonly scales?: ScaleCounts;
  /** By backend; without it, the manifest's holds. */
  readonly tolerance?: Readonly<Record<string, Tolerance>>;
  /** Edge cases that it answers too differently to be held to them. */
  readonly excused?: readonly Golden[];
  /** Weights that stayed float16 for the sake of `maxError`. */
  readonly kept?: readonly string[];
  /** Sessions of it that were written down. */
  readonly images?: readonly PackedImage[];
}

/** What a variant is made of. */
export interface VariantSource {
  readonly dtype: QuantizedDtype;
  readonly recipe: Recipe;
  readonly prepared: ModelProto;
  /** The bytes that fp32 takes. */
  readonly fp32Bytes: number;
  readonly golden: GoldenSet;
  /** How large the difference from fp32's answers may be, as a share of those. */
  readonly maxError?: number | undefined;
  /** Scales that weights may keep. */
  readonly keptScales?: KeptScales | undefined;
}

/** A model that was quantized, and what came of it. */
interface Attempt {
  readonly split: SplitModel;
  readonly memoryBytes: number;
  /** What the recipe quantized. */
  readonly weights: readonly string[];
  readonly judgement: Judgement;
  /** What is held against `maxError`. */
  readonly error: number;
}

/**
 * Makes a variant of a prepared model and runs it on the golden inputs. Where it is further off than
 * `maxError`, its worst weights stay float16.
 *
 * @throws SelvedgeError `model-unsupported`, with its numbers, for a variant that is not smaller than
 * fp32 or too far from it; `model-invalid` for weights that are NaN.
 */
export async function makeVariant(source: VariantSource): Promise<PackedVariant> {
  const { dtype, recipe, fp32Bytes, golden } = source;
  const { backends, requires } = recipe;
  const { kept, outcome } = await withinBound(source);
  const { split, memoryBytes, judgement } = outcome;
  const { error, tolerance, excused, failure } = judgement;
  const bytes = storedBytes(split);
  const keeping = kept.length === 0 ? "" : `, with ${kept.length} weights kept in float16`;
  if (bytes >= fp32Bytes)
    throw refusal(dtype, `it takes ${bytes} bytes${keeping}, and fp32 takes ${fp32Bytes}`);
  if (error.snrDb < LOWEST_SNR_DB)
    throw refusal(
      dtype,
      `its answers to the golden inputs are ${error.snrDb} dB from those of fp32, off by up to ${error.maxDifference}, and ${LOWEST_SNR_DB} dB is the least that is packed`,
    );
  if (failure !== undefined)
    throw refusal(dtype, `it does not give the golden answers of fp32: ${failure}`);
  const largest = magnitudeOf(typicalOf(golden.cases).flatMap(({ outputs }) => outputs));
  if (Object.values(tolerance).some(({ absolute }) => absolute >= largest))
    throw refusal(
      dtype,
      `its answers to the golden inputs are off by up to ${error.maxDifference}, and the largest is ${largest.toPrecision(3)}: a device that answers zeros would pass`,
    );
  return {
    dtype,
    engine: "onnx",
    backends,
    requires,
    split,
    memoryBytes,
    error,
    tolerance,
    excused,
    ...(kept.length === 0 ? {} : { kept }),
  };
}

async function withinBound(
  source: VariantSource,
): Promise<{ kept: readonly string[]; outcome: Attempt }> {
  const { dtype, maxError } = source;
  const outcome = await attempt(source);
  if (maxError === undefined || outcome.error <= maxError) return { kept: [], outcome };
  const { weights } = outcome;
  const found =
    weights.length === 0
      ? undefined
      : await keepWorst({ weights, maxError, attempt: (kept) => attempt(source, kept) });
  if (found !== undefined) return found;
  throw refusal(
    dtype,
    `its error on the golden inputs is ${describeError(outcome)}, ${weights.length === 0 ? "" : "keeping every weight in float16 does not bring it down far enough, "}and ${maxError} is what was allowed`,
  );
}

/** An error in dB as what was allowed is given: root mean squares of noise by signal. */
function noiseShare({ snrDb }: QuantizationError): number {
  return 10 ** (-snrDb / 20);
}

function describeError({ error, judgement }: Attempt): string {
  return `${error.toPrecision(3)} (${judgement.error.snrDb} dB)`;
}

async function attempt(
  { dtype, recipe, prepared, golden, keptScales }: VariantSource,
  kept: readonly string[] = [],
): Promise<Attempt> {
  const { model, quantized, simulated } = await quantizeModel({
    recipe,
    prepared,
    golden: typicalOf(golden.cases),
    kept,
    keptScales,
  }).catch((cause: unknown) => {
    if (cause instanceof SelvedgeError) throw cause;
    throw refusal(dtype, `onnxruntime-web does not run it: ${messageOf(cause)}`, cause);
  });
  const split = await splitModel(model);
  // Whether it runs at all is found out in any case.
  const own = await answersOf(dtype, split, golden.cases);
  const answers =
    simulated === undefined
      ? own
      : await answersOf(dtype, await splitModel(simulated), golden.cases);
  const judgement = judgeAnswers(golden, answers, { dtype, backends: recipe.backends });
  const memoryBytes = memoryEstimate(split, model.graph?.node);
  return { split, memoryBytes, weights: quantized, judgement, error: noiseShare(judgement.error) };
}

/** The bytes of a graph and its tensors, equal ones once. */
export function storedBytes({ graph, tensors }: SplitModel): number {
  const sizes = new Map(tensors.map(({ sha256, bytes }) => [sha256, bytes.length]));
  return [...sizes.values()].reduce((sum, size) => sum + size, graph.length);
}

async function answersOf(
  dtype: PackableDtype,
  { graph, tensors }: SplitModel,
  golden: readonly Golden[],
): Promise<NamedTensor[][]> {
  const weights = new Map(tensors.map(({ sha256, bytes }) => [sha256, bytes]));
  try {
    const session = await openSession({ graph, weights });
    try {
      const answers: NamedTensor[][] = [];
      for (const { inputs, role } of golden) {
        const run = session.run(inputs);
        // It need not take what is at the edge of what fp32 takes.
        answers.push(role === "edge" ? ((await unlessRefused(run)) ?? []) : await run);
      }
      return answers;
    } finally {
      await session.close();
    }
  } catch (cause) {
    throw refusal(dtype, `onnxruntime-web does not run it: ${messageOf(cause)}`, cause);
  }
}

function refusal(dtype: PackableDtype, why: string, cause?: unknown): SelvedgeError {
  return new SelvedgeError(
    "model-unsupported",
    `The model cannot be packed as ${dtype}: ${why}. Leave ${dtype} out of --dtype, or give typical inputs with --golden FILE.`,
    { cause },
  );
}

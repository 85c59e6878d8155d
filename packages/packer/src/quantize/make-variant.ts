import { clone } from "@bufbuild/protobuf";
import { type QuantizationError, SelvedgeError, type Tolerance } from "@selvedge/protocol";
import { type ModelProto, ModelProtoSchema } from "onnx-buf";
import { type Golden, type GoldenSet, typicalOf } from "../golden.ts";
import { messageOf } from "../message-of.ts";
import type { NamedTensor } from "../named-tensor.ts";
import { openSession } from "../onnx-runtime.ts";
import type { Engine } from "../open-session.ts";
import { opsetOf } from "../passes/raise-opset.ts";
import { type SplitModel, splitModel } from "../split-model.ts";
import { magnitudeOf } from "../tolerance.ts";
import { unlessRefused } from "../unless-refused.ts";
import { judgeAnswers } from "./judge-answers.ts";
import type { KeptScales, ScaleCounts } from "./kept-scales.ts";
import { type PackableDtype, type QuantizedDtype, RECIPES } from "./recipes.ts";

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
  readonly split: SplitModel;
  /** What a session keeps of a weight, as a multiple of its stored bytes. */
  readonly expansion: number;
  /** Against fp32, on the golden inputs; fp32 has none. */
  readonly error?: QuantizationError;
  /** What it kept of a base's scales; absent without a base. */
  readonly scales?: ScaleCounts;
  /** By backend; without it, the manifest's holds. */
  readonly tolerance?: Readonly<Record<string, Tolerance>>;
  /** Edge cases that it answers too differently to be held to them. */
  readonly excused?: readonly Golden[];
}

/**
 * Makes a variant of a prepared model and runs it on the golden inputs.
 *
 * @throws SelvedgeError `model-unsupported`, with its numbers, for a variant that is not smaller than
 * fp32 or too far from it; `model-invalid` for weights that are NaN.
 */
export async function makeVariant(options: {
  readonly dtype: QuantizedDtype;
  readonly prepared: ModelProto;
  /** The bytes that fp32 takes. */
  readonly fp32Bytes: number;
  readonly golden: GoldenSet;
  /** Scales that weights may keep. */
  readonly kept?: KeptScales | undefined;
}): Promise<PackedVariant> {
  const { dtype, prepared, fp32Bytes, golden, kept } = options;
  const { backends, expansion, run } = RECIPES[dtype];
  const model = clone(ModelProtoSchema, prepared);
  if (model.graph !== undefined) run(model.graph, opsetOf(model), kept);
  const split = await splitModel(model);
  const bytes = storedBytes(split);
  if (bytes >= fp32Bytes)
    throw refusal(dtype, `it takes ${bytes} bytes, and fp32 takes ${fp32Bytes}`);
  const answers = await answersOf(dtype, split, golden.cases);
  const { error, tolerance, excused, failure } = judgeAnswers(golden, answers, {
    dtype,
    backends,
  });
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
  return { dtype, engine: "onnx", backends, split, expansion, error, tolerance, excused };
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

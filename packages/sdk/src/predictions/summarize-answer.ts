import type { ReferenceFeature } from "@selvedge/protocol";
import { rungOf } from "../serving/served.ts";
import type { AnswerSummary } from "../store/database.ts";
import type { AnsweredCall } from "../telemetry/answered-call.ts";
import type { Tensor, Tensors } from "../tensor.ts";

/** More scores than this are looked through on no call: it would be felt. */
const MOST_SCORES = 4096;

/**
 * What has to be remembered of an answer for its truth to be held against it: a handful of values,
 * whatever the size of the outputs. Of an answer to several examples at once only who gave it.
 */
export function summarizeAnswer({ id, served, outputs }: AnsweredCall): AnswerSummary {
  const { opened } = served;
  const { name: model, version, dtype } = opened;
  const { place } = rungOf(served);
  const features = opened.reference?.features ?? [];
  return {
    id,
    model,
    version,
    dtype,
    backend: place.backend,
    ...(classOf(features, outputs) ?? numberOf(outputs)),
  };
}

/** The class of an answer: the best of its scores, or the label that the model itself gave. */
function classOf(
  features: readonly ReferenceFeature[],
  outputs: Tensors,
): Pick<AnswerSummary, "predicted" | "classes" | "confidence"> | undefined {
  for (const { side, measure, tensor, categories: classes } of features) {
    const output = outputs[tensor];
    if (side !== "output" || output === undefined || classes === undefined) continue;
    const { data } = output;
    const label = measure === "category" && data.length === 1 ? String(data[0]) : undefined;
    if (label !== undefined && classes.includes(label)) return { predicted: label, classes };
    const best = measure === "class" ? bestOf(output, classes.length) : undefined;
    const predicted = best && classes[best.index];
    if (best !== undefined && predicted !== undefined)
      return { predicted, classes, confidence: best.confidence };
  }
  return undefined;
}

/** The best of one row of scores, and how likely it is said to be. */
function bestOf(
  { type, data }: Tensor,
  count: number,
): { readonly index: number; readonly confidence: number } | undefined {
  if (data.length !== count || count > MOST_SCORES || !/^float(32|64)$/.test(type))
    return undefined;
  let index = 0;
  let [sum, isShare] = [0, true];
  for (let i = 0; i < count; i++) {
    const score = Number(data[i]);
    sum += score;
    if (!(score >= 0)) isShare = false;
    if (score > Number(data[index])) index = i;
  }
  const best = Number(data[index]);
  if (isShare && Math.abs(sum - 1) < 0.01) return { index, confidence: Math.min(1, best) };
  let total = 0;
  for (let i = 0; i < count; i++) total += Math.exp(Number(data[i]) - best);
  return { index, confidence: 1 / total };
}

/** The number that an answer is, where one of its outputs is a single element. Texts are not kept. */
function numberOf(outputs: Tensors): Pick<AnswerSummary, "value"> {
  const [output, another] = Object.values(outputs).filter(({ data }) => data.length === 1);
  if (output === undefined || another !== undefined) return {};
  const value = Number(output.data[0]);
  // Bits of a float16 are no number of their own.
  const isNumber = output.type !== "float16" && output.type !== "string" && Number.isFinite(value);
  return isNumber ? { value } : {};
}

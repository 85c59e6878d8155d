import { fromHalf, type ReferenceFeature } from "@selvedge/protocol";
import { rungOf } from "../serving/served.ts";
import type { AnswerSummary } from "../store/database.ts";
import type { AnsweredCall } from "../telemetry/answered-call.ts";
import type { Tensor, Tensors } from "../tensor.ts";

/** More scores than this are looked through on no call: it would be felt. */
export const MOST_SCORES = 4096;

/** How far from 1 probabilities may add up to, as `rank` has it. */
const SUM_TOLERANCE = 0.01;

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
    ...numberOf(outputs),
    ...classOf(features, outputs),
  };
}

/**
 * The class of an answer, as the reference writes it: the place of the best of its scores, or the label
 * that the model itself gave. None where the reference has no such category.
 */
function classOf(
  features: readonly ReferenceFeature[],
  outputs: Tensors,
): Pick<AnswerSummary, "predicted" | "classes" | "confidence"> | undefined {
  for (const { side, measure, tensor, categories: classes } of features) {
    const output = outputs[tensor];
    if (side !== "output" || output === undefined || classes === undefined) continue;
    const best = measure === "class" ? bestOf(output) : undefined;
    const given = measure === "category" && output.data.length === 1 ? output.data[0] : undefined;
    const predicted = String(best?.index ?? given ?? "");
    if (!classes.includes(predicted)) continue;
    return { predicted, classes, ...(best && { confidence: best.confidence }) };
  }
  return undefined;
}

/**
 * The best of one row of scores, the first of equal ones, and how likely it is said to be. `rank` in
 * protocol finds the same; this is on the way of every answer, and does without the entropy.
 */
function bestOf(
  scores: Tensor,
): { readonly index: number; readonly confidence: number } | undefined {
  const { type, dims } = scores;
  const count = scores.data.length;
  const isRow = count > 0 && count === dims.at(-1) && count <= MOST_SCORES;
  if (!isRow || !/^float(16|32|64)$/.test(type)) return undefined;
  const data = elementsOf(scores);
  let [index, sum, isShare] = [0, 0, true];
  for (let i = 0; i < count; i++) {
    const score = Number(data[i]);
    if (!Number.isFinite(score)) return undefined;
    sum += score;
    if (score < 0) isShare = false;
    if (score > Number(data[index])) index = i;
  }
  const best = Number(data[index]);
  if (isShare && Math.abs(sum - 1) <= SUM_TOLERANCE) return { index, confidence: best / sum };
  let total = 0;
  for (let i = 0; i < count; i++) total += Math.exp(Number(data[i]) - best);
  return { index, confidence: 1 / total };
}

/** The number that an answer is, where one of its outputs is a single element. Texts are not kept. */
function numberOf(outputs: Tensors): Pick<AnswerSummary, "value"> {
  const [output, another] = Object.values(outputs).filter(({ data }) => data.length === 1);
  if (output === undefined || another !== undefined) return {};
  const value = Number(elementsOf(output)[0]);
  return output.type !== "string" && Number.isFinite(value) ? { value } : {};
}

/** What its elements stand for: a float16 is carried as bits. */
function elementsOf({ type, data }: Tensor): ArrayLike<number | bigint | string> {
  return type === "float16" && data instanceof Uint16Array
    ? Float32Array.from(data, fromHalf)
    : data;
}

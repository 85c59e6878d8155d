import { elementCount, encodeStrings } from "@selvedge/protocol";
import { isRecord } from "../is-record.ts";
import { bytesFrom, isRunnable, type NamedTensor, type RunnableType } from "../named-tensor.ts";
import type { Case, Refuse } from "./cases-file.ts";
import { numberProblem } from "./number-problem.ts";

/**
 * Reads `{"cases": [{"inputs": {"x": {"type": "float32", "dims": [1, 2], "data": [0, 1]}}}]}`; a case
 * may have a `name`, `outputs` like its inputs, and a `label`.
 */
export function casesFromJson(bytes: Uint8Array, refuse: Refuse): Case[] {
  const document = parse(bytes, refuse);
  const cases = isRecord(document) ? document["cases"] : undefined;
  if (!Array.isArray(cases) || cases.length === 0) return refuse('"cases" must be a list of cases');
  return cases.map((item: unknown, index) => oneCase(item, `cases[${index}]`, refuse));
}

function parse(bytes: Uint8Array, refuse: Refuse): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    return refuse("not JSON");
  }
}

function oneCase(item: unknown, at: string, refuse: Refuse): Case {
  if (!isRecord(item)) return refuse(`${at}.inputs must be an object of tensors`);
  const { name, inputs, outputs, label, ...rest } = item;
  // Such as "output", without which answers would go unchecked.
  for (const key of Object.keys(rest))
    refuse(`${at}.${key} is none of inputs, outputs, label and name`);
  if (name !== undefined && (typeof name !== "string" || name === ""))
    return refuse(`${at}.name must be a text`);
  if (label !== undefined && !isLabel(label))
    return refuse(`${at}.label must be a text, a number, or a list of numbers`);
  return {
    inputs: tensors(inputs, `${at}.inputs`, refuse),
    ...(outputs === undefined ? {} : { outputs: tensors(outputs, `${at}.outputs`, refuse) }),
    ...(label === undefined ? {} : { label }),
    ...(name === undefined ? {} : { name }),
  };
}

function tensors(record: unknown, at: string, refuse: Refuse): NamedTensor[] {
  if (!isRecord(record)) return refuse(`${at} must be an object of tensors`);
  return Object.entries(record).map(([name, tensor]) => {
    const parsed = isRecord(tensor) ? namedTensor(name, tensor) : "an object";
    return typeof parsed === "string" ? refuse(`${at}.${name} must be ${parsed}`) : parsed;
  });
}

/** @returns the tensor or, where it is none, what it should be. */
function namedTensor(name: string, tensor: Record<string, unknown>): NamedTensor | string {
  const { type, dims, data } = tensor;
  const dtype = runnableType(type);
  if (dtype === undefined) return "of a type such as float32, int64 or bool";
  if (!isListOf(dims, (dim) => Number.isSafeInteger(dim) && dim >= 0))
    return "given with dims, a list of whole numbers";
  if (dtype === "string") return stringTensor({ name, dims }, data);
  if (!isListOf(data, Number.isFinite)) return "given with data, a list of numbers";
  const problem = numberProblem(dtype, data);
  if (problem !== undefined) return `given with ${problem}, as ${dtype} holds`;
  if (data.length !== elementCount(dims))
    return `given with ${elementCount(dims)} numbers, as [${dims.join(", ")}] asks for`;
  return { name, dtype, dims, bytes: bytesFrom(dtype, data) };
}

function stringTensor(
  { name, dims }: Pick<NamedTensor, "name" | "dims">,
  data: unknown,
): NamedTensor | string {
  if (!Array.isArray(data) || !data.every((item): item is string => typeof item === "string"))
    return "given with data, a list of strings";
  if (data.length !== elementCount(dims))
    return `given with ${elementCount(dims)} strings, as [${dims.join(", ")}] asks for`;
  return { name, dtype: "string", dims, bytes: encodeStrings(data) };
}

function runnableType(type: unknown): RunnableType | undefined {
  return typeof type === "string" && isRunnable(type) ? type : undefined;
}

function isLabel(label: unknown): label is string | number | readonly number[] {
  return (
    typeof label === "string" ||
    (typeof label === "number" && Number.isFinite(label)) ||
    isListOf(label, Number.isFinite)
  );
}

function isListOf(value: unknown, holds: (item: number) => boolean): value is number[] {
  return Array.isArray(value) && value.every((item) => typeof item === "number" && holds(item));
}

import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { elementCount, encodeStrings, SelvedgeError } from "@selvedge/protocol";
import { bytesFrom, isRunnable, type NamedTensor, type RunnableType } from "./named-tensor.ts";

/**
 * Reads golden inputs: `{"cases": [{"inputs": {"x": {"type": "float32", "dims": [1, 2], "data": [0, 1]}}}]}`.
 *
 * @throws SelvedgeError `not-found`, or `options-invalid`, naming what is wrong.
 */
export async function readGoldenFile(path: string): Promise<NamedTensor[][]> {
  const text = await readFile(path, "utf8").catch((cause: unknown) => {
    throw new SelvedgeError("not-found", `Golden file ${path}: cannot be read. Check the path.`, {
      cause,
    });
  });
  const fail = (what: string): never => {
    throw new SelvedgeError("options-invalid", `Golden file ${basename(path)}: ${what}.`);
  };
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    return fail("not JSON");
  }
  const cases = isRecord(document) ? document["cases"] : undefined;
  if (!Array.isArray(cases) || cases.length === 0) return fail('"cases" must be a list of cases');
  return cases.map((golden: unknown, index) => {
    const inputs = isRecord(golden) ? golden["inputs"] : undefined;
    if (!isRecord(inputs)) return fail(`cases[${index}].inputs must be an object of tensors`);
    return Object.entries(inputs).map(([name, tensor]) => {
      const parsed = isRecord(tensor) ? namedTensor(name, tensor) : "an object";
      return typeof parsed === "string"
        ? fail(`cases[${index}].inputs.${name} must be ${parsed}`)
        : parsed;
    });
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
  const isWhole = dtype.startsWith("float") || data.every(Number.isSafeInteger);
  if (!isWhole) return `given with whole numbers, as ${dtype} holds`;
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

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isListOf(value: unknown, holds: (item: number) => boolean): value is number[] {
  return Array.isArray(value) && value.every((item) => typeof item === "number" && holds(item));
}

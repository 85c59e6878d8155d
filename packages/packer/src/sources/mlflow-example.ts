import { elementCount } from "@selvedge/protocol";
import type { ValueInfoProto } from "onnx-buf";
import { isRecord } from "../is-record.ts";
import { bytesFrom, isRunnable, type NamedTensor } from "../named-tensor.ts";
import { elementType } from "../onnx/onnx-element-type.ts";

/** Golden inputs travel with every download. */
const LARGEST_EXAMPLE = 4 * 1024 * 1024;

/** No model takes tensors of more dimensions. */
const LARGEST_RANK = 16;

/**
 * Makes a case of inputs from an MLflow input example: an array, arrays by name, or a table, in any of
 * the forms that MLflow writes or its server takes. They are fed as MLflow feeds them.
 *
 * @returns the case or, where the example is none, why
 */
export function mlflowExample(
  text: string,
  inputs: readonly ValueInfoProto[],
): NamedTensor[] | string {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    return "it is not JSON";
  }
  // With parameters beside them, the inputs stand one level deeper than without.
  if (isRecord(document) && "params" in document && "inputs" in document)
    document = document["inputs"];
  const values = valuesByInput(document, inputs);
  if (typeof values === "string") return values;
  const tensors: NamedTensor[] = [];
  for (const [index, value] of inputs.entries()) {
    const tensor = toTensor(value, values[index]);
    if (typeof tensor === "string") return `input "${value.name}" ${tensor}`;
    tensors.push(tensor);
  }
  const size = tensors.reduce((sum, { bytes }) => sum + bytes.length, 0);
  return size > LARGEST_EXAMPLE
    ? `it takes ${size} bytes, and more than ${LARGEST_EXAMPLE} should not travel with a model`
    : tensors;
}

/** What each input is fed, as nested lists. */
function valuesByInput(document: unknown, inputs: readonly ValueInfoProto[]): unknown[] | string {
  if (!isRecord(document))
    return Array.isArray(document) ? alone(document, inputs) : "it is no example";
  const {
    inputs: tensors,
    instances,
    dataframe_split: split = document,
    dataframe_records,
  } = document;
  if (isRecord(tensors)) return byName(tensors, inputs);
  if (tensors !== undefined || instances !== undefined) return alone(tensors ?? instances, inputs);
  if (Array.isArray(dataframe_records)) return fromRecords(dataframe_records, inputs);
  if (isRecord(split) && Array.isArray(split["data"]))
    return fromTable(split["data"], split["columns"], inputs);
  return byName(document, inputs);
}

function alone(value: unknown, inputs: readonly ValueInfoProto[]): unknown[] | string {
  return inputs.length === 1 ? [value] : `it is one array, and the model takes ${inputs.length}`;
}

function byName(
  values: Record<string, unknown>,
  inputs: readonly ValueInfoProto[],
): unknown[] | string {
  const missing = inputs.find(({ name }) => !Object.hasOwn(values, name));
  return missing === undefined
    ? inputs.map(({ name }) => values[name])
    : `it holds no "${missing.name}"`;
}

function fromTable(
  rows: readonly unknown[],
  columns: unknown,
  inputs: readonly ValueInfoProto[],
): unknown[] | string {
  if (inputs.length === 1) return [rows];
  if (!Array.isArray(columns)) return "its columns have no names";
  return byName(
    Object.fromEntries(
      columns.map((column: unknown, index): [string, unknown] => [
        String(column),
        rows.map((row) => (Array.isArray(row) ? row[index] : undefined)),
      ]),
    ),
    inputs,
  );
}

function fromRecords(
  records: readonly unknown[],
  inputs: readonly ValueInfoProto[],
): unknown[] | string {
  if (!records.every(isRecord)) return "its records are not objects";
  if (inputs.length === 1) return [records.map((record) => Object.values(record))];
  return inputs.map(({ name }) => records.map((record) => record[name]));
}

/** @returns the tensor or, where the value is none, what is wrong with it. */
function toTensor({ name, type }: ValueInfoProto, value: unknown): NamedTensor | string {
  const tensor = type?.value.case === "tensorType" ? type.value.value : undefined;
  const dtype = elementType(tensor?.elemType ?? 0);
  if (dtype === undefined || !isRunnable(dtype)) return "is not of numbers";
  const dims: number[] = [];
  for (let part = value; Array.isArray(part); part = part[0]) dims.push(part.length);
  if (dims.length > LARGEST_RANK) return `has ${dims.length} dimensions`;
  const numbers = flatten(value, dims);
  if (numbers === undefined) return "is no array of numbers";
  if (!dtype.startsWith("float") && !numbers.every(Number.isSafeInteger))
    return `holds fractions, and takes ${dtype}`;
  // A column of a table is a list of numbers; a model may want it as a matrix of one column.
  const rank = tensor?.shape?.dim.length;
  const shape = dims.length === 1 && rank === 2 ? [...dims, 1] : dims;
  return { name, dtype, dims: shape, bytes: bytesFrom(dtype, numbers) };
}

/** @returns `undefined` where the lists are not of these sizes, or hold anything but numbers. */
function flatten(value: unknown, dims: readonly number[]): number[] | undefined {
  let level: unknown[] = [value];
  for (const size of dims) {
    if (!level.every((part) => Array.isArray(part) && part.length === size)) return undefined;
    level = level.flat();
  }
  const numbers = level.map((item) => (typeof item === "boolean" ? Number(item) : item));
  const areNumbers = numbers.every((item): item is number => Number.isFinite(item));
  return areNumbers && numbers.length === elementCount(dims) && numbers.length > 0
    ? numbers
    : undefined;
}

import { isRecord } from "../is-record.ts";
import { isRunnable, type RunnableType } from "../named-tensor.ts";

/** An input or output as an MLflow signature has it: a tensor, or a column of a table. */
export interface MlflowValue {
  readonly name: string | undefined;
  /** Absent for what no tensor of numbers holds, such as dates. */
  readonly dtype: RunnableType | undefined;
  /** −1 for free dimensions; absent for a column. */
  readonly dims: readonly number[] | undefined;
}

/** https://mlflow.org/docs/latest/model/signatures: what the types of columns are in numpy's terms. */
const COLUMN_TYPES: Readonly<Record<string, RunnableType>> = {
  boolean: "bool",
  integer: "int32",
  long: "int64",
  float: "float32",
  double: "float64",
};

/**
 * Reads one side of a signature, which `MLmodel` holds as JSON in a string.
 *
 * @param fail raises the error that this part of the document is wrong
 */
export function readMlflowValues(
  side: unknown,
  path: string,
  fail: (what: string) => never,
): MlflowValue[] {
  if (side === undefined || side === null) return [];
  let values: unknown;
  try {
    values = typeof side === "string" ? JSON.parse(side) : side;
  } catch {
    return fail(`${path} is not JSON`);
  }
  if (!Array.isArray(values)) return fail(`${path} is not a list`);
  return values.map((value: unknown, index): MlflowValue => {
    const where = `${path}[${index}]`;
    if (!isRecord(value)) return fail(`${where} is not an object`);
    const { name, type } = value;
    if (name !== undefined && name !== null && typeof name !== "string" && typeof name !== "number")
      return fail(`${where}.name is not a name`);
    const known = typeof name === "string" || typeof name === "number" ? String(name) : undefined;
    if (type !== "tensor") return { name: known, dtype: columnType(type), dims: undefined };
    const spec = value["tensor-spec"];
    if (!isRecord(spec)) return fail(`${where} has no tensor-spec`);
    const { dtype, shape } = spec;
    if (!isShape(shape)) return fail(`${where}.tensor-spec.shape is not a list of sizes`);
    const numpy = dtype === "bool_" ? "bool" : dtype;
    const isKnown = typeof numpy === "string" && isRunnable(numpy);
    return { name: known, dtype: isKnown ? numpy : undefined, dims: shape };
  });
}

function columnType(type: unknown): RunnableType | undefined {
  return typeof type === "string" && Object.hasOwn(COLUMN_TYPES, type)
    ? COLUMN_TYPES[type]
    : undefined;
}

function isShape(shape: unknown): shape is number[] {
  return Array.isArray(shape) && shape.every((size) => Number.isSafeInteger(size) && size >= -1);
}

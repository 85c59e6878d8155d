import { create } from "@bufbuild/protobuf";
import { SelvedgeError } from "@selvedge/protocol";
import {
  type GraphProto,
  TensorShapeProto_DimensionSchema,
  TensorShapeProtoSchema,
  type ValueInfoProto,
} from "onnx-buf";
import { isRunnable } from "../named-tensor.ts";
import { elementType } from "../onnx/onnx-element-type.ts";
import type { MlflowModel } from "./mlflow-model.ts";
import type { MlflowValue } from "./mlflow-values.ts";

/**
 * Holds an MLflow signature against the inputs and outputs of an ONNX model, and lets it fix the sizes
 * that the model leaves open.
 *
 * @param document what to call the signature in errors
 * @returns what it says of outputs that the model does otherwise: nothing depends on that
 * @throws SelvedgeError `model-invalid` where the inputs are others than the model's.
 */
export function completeSignature(
  graph: GraphProto,
  { inputs, outputs }: MlflowModel["signature"],
  document: string,
): string[] {
  const fail = (what: string): never => {
    throw new SelvedgeError(
      "model-invalid",
      `${document}: its signature and the ONNX model's inputs differ: ${what}. Log the model again with the signature that it has.`,
    );
  };
  for (const [value, told] of matched(graphInputs(graph), inputs, fail)) {
    const wrong = conflict(value, told);
    if (wrong !== undefined) fail(`"${value.name}" ${wrong}`);
    fixSizes(value, told);
  }
  const notes: string[] = [];
  for (const value of graph.output) {
    const isOnly = graph.output.length === 1 && outputs.length === 1;
    const told = outputs.find(({ name }) => name === value.name || (isOnly && name === undefined));
    if (told?.dims === undefined) continue;
    const wrong = conflict(value, told);
    if (wrong === undefined) fixSizes(value, told);
    else notes.push(`${document}: output "${value.name}" ${wrong}, which was packed.`);
  }
  return notes;
}

/** What is fed to a graph: old models list their weights among the inputs. */
export function graphInputs({ input, initializer }: GraphProto): ValueInfoProto[] {
  const weights = new Set(initializer.map(({ name }) => name));
  return input.filter(({ name }) => !weights.has(name));
}

/** Each input with what is told of it, as MLflow itself feeds them. */
function matched(
  inputs: readonly ValueInfoProto[],
  told: readonly MlflowValue[],
  fail: (what: string) => never,
): [ValueInfoProto, MlflowValue][] {
  if (told.length === 0) return [];
  const [only, ...others] = inputs;
  if (only !== undefined && others.length === 0) {
    if (told.every(({ dims }) => dims === undefined)) {
      // A table is one tensor, its columns side by side, unless a column holds lists.
      const width = sizesOf(only)?.at(-1) ?? -1;
      if (width > 0 && width !== told.length && told.every(({ dtype }) => dtype !== undefined))
        fail(`it has ${told.length} columns, and the model takes ${width}`);
      return [];
    }
    const [tensor, ...more] = told;
    if (tensor !== undefined && tensor.name === undefined && more.length === 0)
      return [[only, tensor]];
  }
  const stranger = told.find(({ name }) => inputs.every((input) => input.name !== name));
  if (stranger !== undefined)
    return fail(
      `the model has no ${stranger.name === undefined ? "one input" : `"${stranger.name}"`}`,
    );
  return inputs.map((input) => {
    const match = told.find(({ name }) => name === input.name);
    return [input, match ?? fail(`"${input.name}" is not in it`)];
  });
}

function conflict(value: ValueInfoProto, { dtype, dims }: MlflowValue): string | undefined {
  const tensor = value.type?.value.case === "tensorType" ? value.type.value.value : undefined;
  const declared = elementType(tensor?.elemType ?? 0);
  if (declared !== undefined && isRunnable(declared) && !isFedTo(declared, dtype))
    return `is ${dtype ?? "no number"} there, and ${declared} in the model`;
  const sizes = sizesOf(value);
  if (sizes === undefined || dims === undefined) return undefined;
  const fits =
    sizes.length === dims.length &&
    sizes.every((size, axis) => size === -1 || dims[axis] === -1 || dims[axis] === size);
  return fits
    ? undefined
    : `is of shape [${dims.join(", ")}] there, and [${sizes.join(", ")}] in the model`;
}

/** MLflow makes float32 of numpy's float64 where the model takes that. */
function isFedTo(declared: string, told: string | undefined): boolean {
  return told === declared || (told === "float64" && declared === "float32");
}

/** −1 for free sizes; `undefined` where not even the rank is known. */
function sizesOf({ type }: ValueInfoProto): number[] | undefined {
  if (type?.value.case !== "tensorType") return undefined;
  return type.value.value.shape?.dim.map(({ value }) =>
    value.case === "dimValue" && value.value > 0n ? Number(value.value) : -1,
  );
}

function fixSizes({ type }: ValueInfoProto, { dims = [] }: MlflowValue): void {
  if (type?.value.case !== "tensorType") return;
  const tensor = type.value.value;
  tensor.shape ??= create(TensorShapeProtoSchema, {
    dim: dims.map(() => create(TensorShapeProto_DimensionSchema)),
  });
  for (const [axis, dimension] of tensor.shape.dim.entries()) {
    const size = dims[axis] ?? -1;
    const isFree = dimension.value.case !== "dimValue" || dimension.value.value <= 0n;
    if (isFree && size > 0) dimension.value = { case: "dimValue", value: BigInt(size) };
  }
}

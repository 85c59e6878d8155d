import { type ElementType, type Manifest, SelvedgeError, type ValueInfo } from "@selvedge/protocol";
import type { GraphProto, ValueInfoProto } from "onnx-buf";
import type { Golden } from "../golden/golden.ts";
import { isRunnable, type NamedTensor, type RunnableType } from "../named-tensor.ts";
import { dataTypeName, elementType } from "./onnx-element-type.ts";

/** An input or output as the model declares it; exporters leave a lot unsaid. */
export interface DeclaredValue {
  readonly name: string;
  /** Absent where the model does not say. */
  readonly dtype: RunnableType | undefined;
  /** −1 for free dimensions; absent where not even the rank is known. */
  readonly dims: readonly number[] | undefined;
}

/** What a model says about its inputs and outputs. */
export interface DeclaredSignature {
  readonly inputs: readonly DeclaredValue[];
  readonly outputs: readonly DeclaredValue[];
}

/**
 * Reads what a graph declares. Its initializers must not be among its inputs any more.
 *
 * @throws SelvedgeError `model-unsupported` for values that are not tensors of fixed-size elements.
 */
export function declaredSignature(graph: GraphProto): DeclaredSignature {
  return {
    inputs: graph.input.map((value) => declaredValue(value, "Input")),
    outputs: graph.output.map((value) => declaredValue(value, "Output")),
  };
}

/** Completes what the model declares with what its golden runs showed. */
export function observedSignature(
  declared: DeclaredSignature,
  golden: readonly Golden[],
): Manifest["signature"] {
  return {
    inputs: declared.inputs.flatMap((value) =>
      observe(
        value,
        golden.map(({ inputs }) => inputs),
      ),
    ),
    outputs: declared.outputs.flatMap((value) =>
      observe(
        value,
        golden.map(({ outputs }) => outputs),
      ),
    ),
  };
}

function observe(
  { name, dims: declared }: DeclaredValue,
  runs: readonly (readonly NamedTensor[])[],
): ValueInfo[] {
  const seen = runs.flatMap((tensors) => tensors.filter((tensor) => tensor.name === name));
  const [first] = seen;
  if (first === undefined) return [];
  // A declared size that a run contradicts is an exporter's guess, not a promise.
  const dims = first.dims.map((_, axis) => {
    const size = declared?.length === first.dims.length ? declared[axis] : undefined;
    return size !== undefined && seen.every((tensor) => tensor.dims[axis] === size) ? size : -1;
  });
  return [{ name, dtype: first.dtype, dims }];
}

function declaredValue({ name, type }: ValueInfoProto, role: string): DeclaredValue {
  const kind = type?.value;
  if (kind?.case === undefined) return { name, dtype: undefined, dims: undefined };
  if (kind.case !== "tensorType")
    throw unsupported(`${role} "${name}" is a ${kind.case.replace("Type", "")}, not a tensor`);
  const { elemType, shape } = kind.value;
  const dtype = elemType === 0 ? undefined : runnableType(elemType);
  if (elemType !== 0 && dtype === undefined)
    throw unsupported(`${role} "${name}" holds elements of type ${dataTypeName(elemType)}`);
  const dims = shape?.dim.map(({ value }) =>
    value.case === "dimValue" && value.value > 0n ? Number(value.value) : -1,
  );
  return { name, dtype, dims };
}

function runnableType(dataType: number): RunnableType | undefined {
  const dtype: ElementType | undefined = elementType(dataType);
  return dtype !== undefined && isRunnable(dtype) ? dtype : undefined;
}

function unsupported(what: string): SelvedgeError {
  return new SelvedgeError(
    "model-unsupported",
    `${what}, and only tensors of numbers, booleans or strings can be packed. Change the model's inputs and outputs.`,
  );
}

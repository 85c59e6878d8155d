import {
  type ElementType,
  elementCount,
  SelvedgeError,
  tensorBytes,
  type ValueInfo,
} from "@selvedge/protocol";
import { buffersOf, type Tensor, type TensorData, type Tensors } from "../tensor.ts";

const ARRAYS: Record<ElementType, readonly string[]> = {
  float32: ["Float32Array"],
  float64: ["Float64Array"],
  float16: ["Uint16Array", "Float16Array"],
  int8: ["Int8Array"],
  uint8: ["Uint8Array", "Uint8ClampedArray"],
  int16: ["Int16Array"],
  uint16: ["Uint16Array"],
  int32: ["Int32Array"],
  uint32: ["Uint32Array"],
  int64: ["BigInt64Array"],
  uint64: ["BigUint64Array"],
  bool: ["Uint8Array"],
  int4: ["Int8Array", "Uint8Array"],
  uint4: ["Uint8Array"],
  string: ["Array"],
};

/**
 * Holds what a caller hands in against the model's signature, before it costs anything.
 *
 * @throws SelvedgeError `input-missing`, `input-unknown`, `input-type` or `input-shape`, naming the
 * input, what it should be and what it was.
 */
export function checkInputs(expected: readonly ValueInfo[], inputs: Tensors): void {
  if (typeof inputs !== "object" || inputs === null)
    throw new SelvedgeError(
      "input-missing",
      `predict() takes an object of tensors by name: ${expected.map(({ name }) => name).join(", ")}.`,
    );
  for (const info of expected) {
    const tensor = Object.hasOwn(inputs, info.name) ? inputs[info.name] : undefined;
    if (tensor === undefined || tensor === null)
      throw new SelvedgeError(
        "input-missing",
        `The input "${info.name}" (${describe(info)}) is missing. Pass it to predict().`,
        { detail: { input: info.name } },
      );
    checkTensor(info, tensor);
  }
  const known = expected.map(({ name }) => name);
  const unknown = Object.keys(inputs).find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw new SelvedgeError(
      "input-unknown",
      `The model has no input "${unknown}"; its inputs are ${known.join(", ")}.`,
      { detail: { input: unknown } },
    );
}

function checkTensor(info: ValueInfo, { type, data, dims }: Tensor): void {
  const detail = { input: info.name };
  if (type !== info.dtype)
    throw new SelvedgeError(
      "input-type",
      `The input "${info.name}" is ${type}, but the model takes ${describe(info)}. Convert it first.`,
      { detail },
    );
  if (!ARRAYS[type].includes(arrayName(data)))
    throw new SelvedgeError(
      "input-type",
      `The input "${info.name}" is ${type}, whose data is a ${ARRAYS[type].join(" or ")}, but it was given a ${arrayName(data)}.`,
      { detail },
    );
  const isDim = (dim: unknown) => Number.isSafeInteger(dim) && Number(dim) >= 0;
  if (!Array.isArray(dims) || !dims.every(isDim))
    throw new SelvedgeError(
      "input-shape",
      `The dims of input "${info.name}" have to be whole numbers of at least 0, such as [1, 3, 48, 320].`,
      { detail },
    );
  const fits =
    dims.length === info.dims.length &&
    info.dims.every((dim, axis) => dim === -1 || dim === dims[axis]);
  if (!fits)
    throw new SelvedgeError(
      "input-shape",
      `The input "${info.name}" has shape [${dims.join(", ")}], but the model takes ${describe(info)}.`,
      { detail },
    );
  const is4Bit = type === "int4" || type === "uint4";
  const length = is4Bit ? (tensorBytes(type, dims) ?? 0) : elementCount(dims);
  if (data.length !== length)
    throw new SelvedgeError(
      "input-shape",
      `The input "${info.name}" has shape [${dims.join(", ")}], which takes ${length} elements, but its data has ${data.length}.`,
      { detail },
    );
}

function arrayName(data: unknown): string {
  return Object.prototype.toString.call(data).slice(8, -1);
}

function describe({ dtype, dims }: ValueInfo): string {
  return `${dtype}[${dims.map((dim) => (dim === -1 ? "any" : dim)).join(", ")}]`;
}

/** Copies of inputs that no one else can change or detach, each as large as its tensor. */
export function snapshot(inputs: Tensors): Tensors {
  return plain(inputs, copy);
}

/**
 * The inputs with their buffers taken from the caller, who is left with detached ones.
 *
 * @throws SelvedgeError `options-invalid` for buffers that cannot be taken, such as a wasm's memory.
 */
export function takeOver(inputs: Tensors): Tensors {
  const tensors = plain(inputs, (data) => data);
  try {
    return structuredClone(tensors, { transfer: buffersOf(tensors) });
  } catch (cause) {
    throw new SelvedgeError(
      "options-invalid",
      `The inputs' buffers cannot be transferred (${cause instanceof Error ? cause.message : String(cause)}). Leave transfer out to have them copied.`,
      { cause },
    );
  }
}

/** Tensors as plain data, whatever objects they came as: an ort.Tensor's `data` is a getter. */
function plain(inputs: Tensors, own: (data: TensorData) => TensorData): Tensors {
  return Object.fromEntries(
    Object.entries(inputs).map(([name, { type, data, dims }]): [string, Tensor] => [
      name,
      { type, data: own(data), dims: [...dims] },
    ]),
  );
}

function copy(data: TensorData): TensorData {
  // One method serves every typed array; a Buffer's own would answer with a view.
  return "buffer" in data ? Uint8Array.prototype.slice.call(data) : data.slice();
}

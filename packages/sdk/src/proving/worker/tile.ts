import { elementCount } from "@selvedge/protocol";
import type { Tensor, TensorData } from "../../tensor.ts";

/**
 * A tensor brought to other dims: its elements over again along every axis, or the first of them. What
 * comes out is as plausible as what went in: an id stays an id, and a sample rate one that is in use.
 *
 * @returns the tensor itself where it cannot be brought to the dims: they have another rank, it has no
 * elements, or its elements are packed.
 */
export function tile(tensor: Tensor, dims: readonly number[]): Tensor {
  const { type, data, dims: from } = tensor;
  const isPacked = type === "int4" || type === "uint4";
  const isEmpty = from.includes(0);
  if (isPacked || isEmpty || dims.length !== from.length || dims.join() === from.join())
    return tensor;
  return { type, dims: [...dims], data: gather(data, sourceIndices(from, dims)) };
}

/** For each element of the larger tensor, row-major, which element of the smaller one it is. */
function sourceIndices(from: readonly number[], to: readonly number[]): Uint32Array {
  const indices = new Uint32Array(elementCount(to));
  let filled = 1;
  let stride = 1;
  // From the innermost axis out: the block that is there already is laid down once per step.
  for (let axis = to.length - 1; axis >= 0; axis--) {
    const [size, period] = [to[axis] ?? 1, from[axis] ?? 1];
    for (let step = size - 1; step >= 0; step--) {
      const offset = (step % period) * stride;
      for (let i = 0; i < filled; i++) indices[step * filled + i] = (indices[i] ?? 0) + offset;
    }
    filled *= size;
    stride *= period;
  }
  return indices;
}

function gather(data: TensorData, indices: Uint32Array): TensorData {
  if (!("buffer" in data)) return Array.from(indices, (index) => data[index] ?? "");
  // The element types of arrays differ, and none is looked at here.
  const source = data as Float32Array;
  const Elements = data.constructor as Float32ArrayConstructor;
  const target = new Elements(indices.length);
  for (let i = 0; i < indices.length; i++) target[i] = source[indices[i] ?? 0] ?? 0;
  return target;
}

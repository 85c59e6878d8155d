import { elementCount, parseStrings, type TensorRef } from "@selvedge/protocol";
import type { Database } from "../../store/database.ts";
import { readBlobs } from "../../store/pieces.ts";
import type { Tensor, TensorData, Tensors } from "../../tensor.ts";

/**
 * Reads golden tensors from the store.
 *
 * @throws SelvedgeError `storage-damaged` where a piece of one is missing or damaged.
 */
export async function readGolden(database: Database, refs: readonly TensorRef[]): Promise<Tensors> {
  const buffers = await readBlobs(database, refs);
  return Object.fromEntries(
    refs.map(({ name, dtype, dims }, i): [string, Tensor] => [
      name,
      { type: dtype, dims, data: viewOf({ dtype, dims }, buffers[i] ?? new ArrayBuffer(0)) },
    ]),
  );
}

function viewOf(
  { dtype, dims }: Pick<TensorRef, "dtype" | "dims">,
  buffer: ArrayBuffer,
): TensorData {
  switch (dtype) {
    case "float32":
      return new Float32Array(buffer);
    case "float64":
      return new Float64Array(buffer);
    case "int8":
      return new Int8Array(buffer);
    case "uint8":
    case "bool":
    case "int4":
    case "uint4":
      return new Uint8Array(buffer);
    case "int16":
      return new Int16Array(buffer);
    case "uint16":
    case "float16":
      return new Uint16Array(buffer);
    case "int32":
      return new Int32Array(buffer);
    case "uint32":
      return new Uint32Array(buffer);
    case "int64":
      return new BigInt64Array(buffer);
    case "uint64":
      return new BigUint64Array(buffer);
    case "string":
      return parseStrings(new Uint8Array(buffer), elementCount(dims));
  }
}

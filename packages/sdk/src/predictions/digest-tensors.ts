import { sha256, type TensorDigest } from "@selvedge/protocol";
import type { Tensor, Tensors } from "../tensor.ts";
import { tensorBytesOf } from "./tensor-bytes.ts";

/** What can be told of tensors without showing them. Their bytes are hashed off the page's thread. */
export async function digestTensors(tensors: Tensors): Promise<Record<string, TensorDigest>> {
  const digest = async ([name, tensor]: [string, Tensor]): Promise<[string, TensorDigest]> => {
    const { type: dtype, dims } = tensor;
    return [name, { dtype, dims: [...dims], sha256: await sha256(tensorBytesOf(tensor)) }];
  };
  return Object.fromEntries(await Promise.all(Object.entries(tensors).map(digest)));
}

import { createHash } from "node:crypto";
import type { TensorProto } from "onnx-buf";
import { dimsOf, rawContent } from "./tensor-content.ts";

/** What is the same for tensors of one type, one shape and equal bytes, and differs for others. */
export function contentKey(tensor: TensorProto): string {
  const digest = createHash("sha256").update(rawContent(tensor)).digest("hex");
  return `${tensor.dataType} [${dimsOf(tensor).join()}] ${digest}`;
}

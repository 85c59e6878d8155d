import {
  CAPTURE_FORMAT,
  type CapturedPrediction,
  type CapturedTensor,
  SelvedgeError,
  toBase64,
} from "@selvedge/protocol";
import type { StoredPrediction } from "../store/database.ts";
import type { Tensor, Tensors } from "../tensor.ts";
import { tensorBytesOf } from "./tensor-bytes.ts";

/**
 * A file of a prediction and what went in and came out.
 *
 * @throws SelvedgeError `prediction-not-captured` where only its record was kept.
 */
export function captureFile({ captured, answer: _, ...record }: StoredPrediction): Blob {
  if (captured === undefined)
    throw new SelvedgeError(
      "prediction-not-captured",
      `Of prediction ${record.id} only the record was kept: it was made without capture, or was too large to keep. Call predict() with {capture: true} to be able to export it.`,
      { detail: { id: record.id } },
    );
  const file: CapturedPrediction = {
    format: CAPTURE_FORMAT,
    record,
    inputs: inFile(captured.inputs),
    outputs: inFile(captured.outputs),
  };
  return new Blob([`${JSON.stringify(file)}\n`], { type: "application/json" });
}

function inFile(tensors: Tensors): Record<string, CapturedTensor> {
  const write = (tensor: Tensor): CapturedTensor => {
    const { type, dims, data } = tensor;
    const isTexts = !("buffer" in data);
    return { type, dims, data: isTexts ? data : toBase64(tensorBytesOf(tensor)) };
  };
  return Object.fromEntries(Object.entries(tensors).map(([name, one]) => [name, write(one)]));
}

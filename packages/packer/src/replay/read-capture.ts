import { readFile, stat } from "node:fs/promises";
import {
  type CapturedPrediction,
  type CapturedTensor,
  encodeStrings,
  fromBase64,
  parseCapturedPrediction,
  SelvedgeError,
  sha256,
  type TensorDigest,
} from "@selvedge/protocol";
import { isRunnable, type NamedTensor } from "../named-tensor.ts";

/** A device keeps 32 MiB of captured tensors; as base64, and with room for the record, this is ample. */
const MOST_BYTES = 256 * 2 ** 20;

/** A captured prediction, and its tensors as bytes. */
export interface Capture {
  readonly captured: CapturedPrediction;
  readonly inputs: readonly NamedTensor[];
  readonly outputs: readonly NamedTensor[];
}

/**
 * Reads a captured prediction, and checks that its tensors are those that its record tells of.
 *
 * @throws SelvedgeError `not-found` for a file that cannot be read, `capture-invalid` for one that is no
 * captured prediction, or whose tensors are not the ones it was written with.
 */
export async function readCapture(path: string): Promise<Capture> {
  const captured = parseCapturedPrediction(await readText(path), path);
  const { record } = captured;
  const read = async (side: "inputs" | "outputs"): Promise<NamedTensor[]> => {
    const tensors = Object.entries(captured[side]).map(named);
    const names = Object.keys(record[side]);
    if (names.length !== tensors.length || tensors.length === 0)
      throw invalid(
        path,
        `its record tells of ${names.length} ${side}, and it has ${tensors.length}`,
      );
    for (const tensor of tensors) {
      const told = record[side][tensor.name];
      if (!isRunnable(tensor.dtype))
        throw invalid(
          path,
          `"${tensor.name}" of its ${side} is ${tensor.dtype}, which no model takes or gives`,
        );
      if (told === undefined || !(await isThat(tensor, told)))
        throw invalid(
          path,
          `"${tensor.name}" of its ${side} is not the tensor that its record tells of`,
        );
    }
    return tensors;
  };
  return { captured, inputs: await read("inputs"), outputs: await read("outputs") };
}

async function readText(path: string): Promise<string> {
  try {
    const { size } = await stat(path);
    if (size > MOST_BYTES) throw invalid(path, `it has ${size} bytes, more than ${MOST_BYTES}`);
    return await readFile(path, "utf8");
  } catch (cause) {
    if (cause instanceof SelvedgeError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new SelvedgeError("not-found", `${path} cannot be read (${reason}). Check the path.`, {
      cause,
    });
  }
}

function named([name, { type: dtype, dims, data }]: [string, CapturedTensor]): NamedTensor {
  const bytes = typeof data === "string" ? fromBase64(data) : encodeStrings(data);
  return { name, dtype, dims, bytes: bytes ?? new Uint8Array() };
}

async function isThat(tensor: NamedTensor, told: TensorDigest): Promise<boolean> {
  const { dtype, dims, bytes } = tensor;
  if (dtype !== told.dtype || dims.join() !== told.dims.join()) return false;
  return (await sha256(bytes)) === told.sha256;
}

function invalid(path: string, reason: string): SelvedgeError {
  return new SelvedgeError(
    "capture-invalid",
    `${path} is no captured prediction as it was exported: ${reason}. Export the prediction again.`,
  );
}

import { closeSync, constants, openSync, readSync } from "node:fs";
import { SelvedgeError } from "@selvedge/protocol";

/** Some bytes of a file, which are read when they are needed. */
export interface FileRange {
  readonly path: string;
  readonly offset: number;
  readonly length: number;
}

/** Node reads no more than 2 GB at once. */
const READ_BYTES = 2 ** 30;

/**
 * Reads a range whole.
 *
 * @throws SelvedgeError `model-invalid` where the file has become shorter, or cannot be read any more.
 */
export function readRange({ path, offset, length }: FileRange): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  let done = 0;
  try {
    const file = openSync(path, constants.O_RDONLY);
    try {
      for (let read = -1; done < length && read !== 0; done += read)
        read = readSync(file, bytes, done, Math.min(length - done, READ_BYTES), offset + done);
    } finally {
      closeSync(file);
    }
  } catch (cause) {
    throw unreadable(path, cause);
  }
  if (done < length) throw unreadable(path);
  return bytes;
}

function unreadable(path: string, cause?: unknown): SelvedgeError {
  return new SelvedgeError(
    "model-invalid",
    `${path} was changed while its tensors were read. Leave the model's files alone meanwhile.`,
    { cause },
  );
}

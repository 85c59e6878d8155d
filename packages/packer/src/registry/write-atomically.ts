import { Staging } from "./staging.ts";

/**
 * Writes a file so that a reader, or a crash at any moment, finds the old file or the whole new one.
 * Once this has returned, the file survives a power cut.
 *
 * @throws SelvedgeError `registry-invalid` where it cannot be written.
 */
export async function writeAtomically(path: string, bytes: Uint8Array | string): Promise<void> {
  const staging = new Staging();
  try {
    await staging.add(path, [typeof bytes === "string" ? new TextEncoder().encode(bytes) : bytes]);
    await staging.place();
  } finally {
    await staging.discard();
  }
}

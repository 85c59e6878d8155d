import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { SelvedgeError } from "@selvedge/protocol";

/**
 * Size and SHA-256 of a file that may be larger than memory.
 *
 * @throws SelvedgeError `not-found` where it cannot be read.
 */
export async function digestFile(path: string): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash("sha256");
  let bytes = 0;
  try {
    for await (const chunk of createReadStream(path)) {
      hash.update(chunk);
      bytes += chunk.length;
    }
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? cause.code : cause;
    throw new SelvedgeError("not-found", `${path}: cannot be read (${code}). Check the path.`, {
      cause,
    });
  }
  return { bytes, sha256: hash.digest("hex") };
}

import { createHash } from "node:crypto";

/** SHA-256 of bytes that come piece after piece, as 64 lower-case hex digits. */
export function digestChunks(chunks: Iterable<Uint8Array>): string {
  const hash = createHash("sha256");
  for (const chunk of chunks) hash.update(chunk);
  return hash.digest("hex");
}

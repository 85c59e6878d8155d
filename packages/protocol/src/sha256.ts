/** Lower-case hex of some bytes. */
export function toHex(bytes: Uint8Array): string {
  let hex = "";
  for (const byte of bytes) hex += byte.toString(16).padStart(2, "0");
  return hex;
}

/**
 * SHA-256 by WebCrypto, as 64 lower-case hex digits.
 *
 * @throws TypeError where there is no `crypto.subtle`, in a page that is not a secure context, and
 * for a view of shared memory.
 */
export async function sha256(bytes: ArrayBuffer | Uint8Array): Promise<string> {
  // WebCrypto itself refuses shared memory; asking callers to prove it by type would refuse Buffers.
  const unshared = bytes as ArrayBuffer | Uint8Array<ArrayBuffer>;
  return toHex(new Uint8Array(await crypto.subtle.digest("SHA-256", unshared)));
}

/** Bytes as base64, with padding. */
export function toBase64(bytes: Uint8Array): string {
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary);
}

/**
 * Reads base64 in either alphabet, the one for URLs included.
 *
 * @returns `undefined` for text that is not the one way to write its bytes: `atob` ignores spaces and
 * left-over bits, and what is signed must not be written in two ways.
 */
export function fromBase64(text: string): Uint8Array<ArrayBuffer> | undefined {
  const plain = text.replaceAll("-", "+").replaceAll("_", "/");
  let bytes: Uint8Array<ArrayBuffer>;
  try {
    bytes = Uint8Array.from(atob(plain), (char) => char.charCodeAt(0));
  } catch {
    return undefined;
  }
  const unpadded = (base64: string): string => base64.replace(/={1,2}$/, "");
  const canonical = toBase64(bytes);
  return plain === canonical || plain === unpadded(canonical) ? bytes : undefined;
}

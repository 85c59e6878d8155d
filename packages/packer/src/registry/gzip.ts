import { gzipSync } from "node:zlib";

/** Gzip that does not say when, or on which system, it was made. */
export function gzip(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const packed = new Uint8Array(gzipSync(bytes, { level: 9 }));
  // RFC 1952: the system's number; 255 is "unknown". The time is 0 already.
  packed[9] = 255;
  return packed;
}

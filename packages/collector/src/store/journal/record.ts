import { crc32 } from "node:zlib";

/** Length and checksum of what follows, 32 bits each, little-endian. */
const HEAD_BYTES = 8;

/** Longer than any request may be when it is unpacked; a length beyond it is no length. */
const MAX_BYTES = 256 * 1024 * 1024;

/** Frames a text as a record of a journal. */
export function encodeRecord(text: string): Buffer {
  const length = Buffer.byteLength(text);
  const record = Buffer.allocUnsafe(HEAD_BYTES + length);
  record.write(text, HEAD_BYTES);
  record.writeUInt32LE(length, 0);
  record.writeUInt32LE(crc32(record.subarray(HEAD_BYTES)), 4);
  return record;
}

/**
 * Reads the records of a journal up to the first that is not whole: a process that was killed leaves
 * half a record at the end, and nobody was told that it was kept.
 */
export function* decodeRecords(bytes: Buffer): Generator<string> {
  let at = 0;
  while (at + HEAD_BYTES <= bytes.length) {
    const begin = at + HEAD_BYTES;
    const length = bytes.readUInt32LE(at);
    if (length === 0 || length > MAX_BYTES || begin + length > bytes.length) return;
    const content = bytes.subarray(begin, begin + length);
    if (crc32(content) !== bytes.readUInt32LE(at + 4)) return;
    yield content.toString("utf8");
    at = begin + length;
  }
}

import { crc32 } from "node:zlib";

/** Length and checksum of what follows, 32 bits each, little-endian. */
const HEAD_BYTES = 8;

/** Longer than any request may be when it is unpacked; a length beyond it is no length. */
const MAX_BYTES = 256 * 1024 * 1024;

const OPENING_BRACE = "{".charCodeAt(0);

/** Frames what begins with a JSON object as a record of a journal. */
export function encodeRecord(content: Buffer): Buffer {
  const head = Buffer.allocUnsafe(HEAD_BYTES);
  head.writeUInt32LE(content.length, 0);
  head.writeUInt32LE(crc32(content), 4);
  return Buffer.concat([head, content]);
}

/**
 * Reads the records of a journal that are whole. A process that was killed leaves half a record at the
 * end, and nobody was told that it was kept; what a disk has damaged in the middle is passed over, and
 * what lies behind it is found by its checksum.
 */
export function* decodeRecords(bytes: Buffer): Generator<Buffer> {
  let at = 0;
  while (at + HEAD_BYTES <= bytes.length) {
    const content = recordAt(bytes, at);
    if (content === undefined) {
      at += 1;
      continue;
    }
    yield content;
    at += HEAD_BYTES + content.length;
  }
}

/** What the record that begins here holds, if one does. All of them begin with a JSON object. */
function recordAt(bytes: Buffer, at: number): Buffer | undefined {
  const begin = at + HEAD_BYTES;
  const length = bytes.readUInt32LE(at);
  if (length === 0 || length > MAX_BYTES || begin + length > bytes.length) return undefined;
  // Looked at first, for a checksum at every byte would take minutes.
  if (bytes[begin] !== OPENING_BRACE) return undefined;
  const content = bytes.subarray(begin, begin + length);
  return crc32(content) === bytes.readUInt32LE(at + 4) ? content : undefined;
}

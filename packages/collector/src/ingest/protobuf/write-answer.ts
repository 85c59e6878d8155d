/**
 * Writes the few messages that answer a request in protobuf: `Export…ServiceResponse`, whose fields
 * have the same numbers for every signal, and `google.rpc.Status`.
 *
 * @see https://opentelemetry.io/docs/specs/otlp/#otlphttp-response
 */
const INTEGER = 0;
const BYTES = 2;

/** An answer to what was taken; with how many items of it were refused, and why. */
export function writeExportAnswer(refused: number, message: string): Uint8Array<ArrayBuffer> {
  if (refused === 0) return new Uint8Array();
  return toBytes(field(1, concat(integer(1, refused), field(2, Buffer.from(message)))));
}

/** A `google.rpc.Status`, as the body of an answer that is an error. */
export function writeStatus(code: number, message: string): Uint8Array<ArrayBuffer> {
  return toBytes(concat(integer(1, code), field(2, Buffer.from(message))));
}

function integer(number: number, value: number): Buffer {
  return Buffer.from([(number << 3) | INTEGER, ...varint(value)]);
}

function field(number: number, bytes: Buffer): Buffer {
  return concat(Buffer.from([(number << 3) | BYTES, ...varint(bytes.length)]), bytes);
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  bytes.push(rest);
  return bytes;
}

function concat(...parts: Buffer[]): Buffer {
  return Buffer.concat(parts);
}

function toBytes(buffer: Buffer): Uint8Array<ArrayBuffer> {
  return new Uint8Array(buffer);
}

import { isUtf8 } from "node:buffer";
import { SelvedgeError } from "@selvedge/protocol";

/** The wire types that OTLP's messages are made of; the two of groups are refused. */
export const VARINT = 0;
export const FIXED64 = 1;
export const LENGTH = 2;
const FIXED32 = 5;

const TWO_32 = 2 ** 32;

/**
 * Reads protobuf's wire format from a body of which no byte is trusted: whatever reaches past the
 * bytes there are, or is no such format, is an error, and nothing is allocated by a length's say-so.
 *
 * Every method throws SelvedgeError `telemetry-invalid` where the bytes are not what it reads.
 *
 * @see https://protobuf.dev/programming-guides/encoding/
 */
export class WireReader {
  readonly #bytes: Buffer;
  #at = 0;
  /** The two halves of the varint that was read last, unsigned. */
  #low = 0;
  #high = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get position(): number {
    return this.#at;
  }

  get length(): number {
    return this.#bytes.length;
  }

  /** A field's number and wire type in one number: `number << 3 | type`. */
  tag(): number {
    this.#varint();
    if (this.#high !== 0 || this.#low < 8) throw malformed("a field's number is none");
    return this.#low;
  }

  /** Where what begins here with its length ends; not beyond `end`. */
  end(end: number): number {
    this.#varint();
    const at = this.#at + this.#low;
    if (this.#high !== 0 || at > end) throw malformed("a length reaches beyond its message");
    return at;
  }

  /** Passes over a value of a wire type. */
  skip(wireType: number, end: number): void {
    if (wireType === VARINT) this.#varint();
    else if (wireType === FIXED64) this.#take(8);
    else if (wireType === LENGTH) this.#at = this.end(end);
    else if (wireType === FIXED32) this.#take(4);
    else throw malformed(`wire type ${wireType} is none that OTLP has`);
  }

  bool(): boolean {
    this.#varint();
    return this.#low !== 0 || this.#high !== 0;
  }

  int32(): number {
    this.#varint();
    return this.#low | 0;
  }

  sint32(): number {
    this.#varint();
    return (this.#low >>> 1) ^ -(this.#low & 1);
  }

  uint64(): number | string {
    this.#varint();
    return unsigned(this.#high, this.#low);
  }

  int64(): number | string {
    this.#varint();
    return signed(this.#high, this.#low);
  }

  fixed64(): number | string {
    const at = this.#take(8);
    return unsigned(this.#bytes.readUInt32LE(at + 4), this.#bytes.readUInt32LE(at));
  }

  sfixed64(): number | string {
    const at = this.#take(8);
    return signed(this.#bytes.readUInt32LE(at + 4), this.#bytes.readUInt32LE(at));
  }

  double(): number {
    return this.#bytes.readDoubleLE(this.#take(8));
  }

  hex(end: number): string {
    const to = this.end(end);
    const from = this.#at;
    this.#at = to;
    return this.#bytes.toString("hex", from, to);
  }

  string(end: number): string {
    const to = this.end(end);
    const from = this.#at;
    this.#at = to;
    const text = this.#bytes.toString("utf8", from, to);
    // What cannot be decoded becomes this character, which may have been sent too.
    if (text.includes("\uFFFD") && !isUtf8(this.#bytes.subarray(from, to)))
      throw malformed("a string is not UTF-8");
    return text;
  }

  #take(size: number): number {
    const at = this.#at;
    if (at + size > this.#bytes.length) throw malformed("it is cut short");
    this.#at = at + size;
    return at;
  }

  /** Reads a varint of at most 64 bits into `#low` and `#high`. */
  #varint(): void {
    const bytes = this.#bytes;
    let low = 0;
    let high = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = bytes[this.#at];
      if (byte === undefined) throw malformed("it is cut short");
      this.#at += 1;
      const bits = byte & 0x7f;
      if (shift < 28) low |= bits << shift;
      else if (shift === 28) {
        low |= bits << 28;
        high = bits >>> 4;
      } else if (shift < 63) high |= bits << (shift - 32);
      else if (byte > 1) throw malformed("a varint has more than 64 bits");
      else high |= bits << 31;
      if (byte < 0x80) {
        this.#low = low >>> 0;
        this.#high = high >>> 0;
        return;
      }
    }
  }
}

/** The error of a body that is not the protobuf it should be. */
export function malformed(why: string): SelvedgeError {
  return new SelvedgeError(
    "telemetry-invalid",
    `The body is not valid protobuf: ${why}. Send OTLP's protobuf encoding.`,
  );
}

function unsigned(high: number, low: number): number | string {
  const value = high * TWO_32 + low;
  return value <= Number.MAX_SAFE_INTEGER ? value : String((BigInt(high) << 32n) | BigInt(low));
}

function signed(high: number, low: number): number | string {
  const value = (high | 0) * TWO_32 + low;
  return Number.isSafeInteger(value)
    ? value
    : String(BigInt.asIntN(64, (BigInt(high) << 32n) | BigInt(low)));
}

/** Reads the binary format of WebAssembly, from some place on. */
export class WasmReader {
  readonly #bytes: Uint8Array;
  at: number;

  constructor(bytes: Uint8Array, at = 0) {
    this.#bytes = bytes;
    this.at = at;
  }

  get isAtEnd(): boolean {
    return this.at >= this.#bytes.length;
  }

  /** @throws RangeError behind the last byte */
  byte(): number {
    const byte = this.#bytes[this.at++];
    if (byte === undefined) throw new RangeError("the wasm ends in the middle of something");
    return byte;
  }

  /** An unsigned number of up to 32 bits, in LEB128. */
  u32(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.byte();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw new RangeError("the wasm has a number that is too long");
  }

  /** Passes over a number in LEB128, of any size and sign. */
  skipNumber(): void {
    while (this.byte() >= 0x80);
  }

  slice(length: number): Uint8Array {
    const { at } = this;
    this.at += length;
    if (this.at > this.#bytes.length) throw new RangeError("the wasm is cut off");
    return this.#bytes.subarray(at, this.at);
  }

  name(): string {
    return new TextDecoder("utf-8", { fatal: true }).decode(this.slice(this.u32()));
  }
}

/** An unsigned number in LEB128. */
export function u32(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  do {
    const low = rest % 128;
    rest = Math.floor(rest / 128);
    bytes.push(rest > 0 ? low + 128 : low);
  } while (rest > 0);
  return Uint8Array.from(bytes);
}

/** A name, as exports have one. */
export function nameBytes(name: string): Uint8Array {
  const bytes = new TextEncoder().encode(name);
  return join([u32(bytes.length), bytes]);
}

export function join(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

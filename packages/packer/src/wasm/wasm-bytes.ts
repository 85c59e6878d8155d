/** Reads the binary format of WebAssembly, from some place on. What it cannot read is a RangeError. */
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
      if (byte < 0x80 && value < 2 ** 32) return value;
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
    const bytes = this.slice(this.u32());
    try {
      return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    } catch (cause) {
      throw new RangeError("the wasm has a name that is no text", { cause });
    }
  }

  /** A list, as the format has it: how many, then one after the other. */
  list<T>(read: (index: number) => T): T[] {
    const items: T[] = [];
    for (let count = this.u32(); items.length < count; ) items.push(read(items.length));
    return items;
  }

  /** The list that is all there is. */
  onlyList<T>(read: (index: number) => T): T[] {
    const items = this.list(read);
    if (!this.isAtEnd) throw new RangeError("a section of the wasm goes on behind its last item");
    return items;
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
  return sized(new TextEncoder().encode(name));
}

/** Bytes behind how many they are. */
export function sized(bytes: Uint8Array): Uint8Array {
  return join([u32(bytes.length), bytes]);
}

/** Items behind how many they are. */
export function listOf(items: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return join([u32(items.length), ...items]);
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

import { join, sized, WasmReader } from "./wasm-bytes.ts";

/** The sections that are looked into, by the numbers of the format. */
export const SECTION = {
  import: 2,
  table: 4,
  memory: 5,
  global: 6,
  export: 7,
  start: 8,
  code: 10,
  data: 11,
} as const;

/** What may be there several times, and says nothing of what the wasm does. */
const CUSTOM = 0;

/** A section, without its number and length. */
export interface Section {
  readonly id: number;
  readonly body: Uint8Array;
}

const HEADER = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];

/** @throws RangeError where the bytes are no WebAssembly of version 1 */
export function readSections(wasm: Uint8Array): Section[] {
  if (!HEADER.every((byte, i) => wasm[i] === byte)) throw new RangeError("this is no wasm");
  const reader = new WasmReader(wasm, HEADER.length);
  const sections: Section[] = [];
  const seen = new Set<number>();
  while (!reader.isAtEnd) {
    const id = reader.byte();
    if (seen.has(id)) throw new RangeError(`the wasm has two sections ${id}`);
    if (id !== CUSTOM) seen.add(id);
    sections.push({ id, body: reader.slice(reader.u32()) });
  }
  return sections;
}

/** @throws RangeError where there is no such section */
export function bodyOf(sections: readonly Section[], id: number): Uint8Array {
  const section = sections.find((one) => one.id === id);
  if (section === undefined) throw new RangeError(`the wasm has no section ${id}`);
  return section.body;
}

/** Puts sections together, with others in place of some. */
export function writeSections(
  sections: readonly Section[],
  replaced: Readonly<Record<number, Uint8Array>>,
): Uint8Array<ArrayBuffer> {
  const parts = sections.flatMap(({ id, body }) => [
    Uint8Array.of(id),
    sized(replaced[id] ?? body),
  ]);
  return join([Uint8Array.from(HEADER), ...parts]);
}

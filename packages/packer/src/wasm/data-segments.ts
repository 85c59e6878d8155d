import { bodyOf, readSections, SECTION, type Section, writeSections } from "./sections.ts";
import { listOf, WasmReader } from "./wasm-bytes.ts";

/** Waits to be asked for; the other kinds go into memory by themselves, whatever is there. */
const PASSIVE = 1;

/** @throws RangeError where data goes into memory as soon as the wasm is instantiated */
export function requirePassiveData(sections: readonly Section[]): number {
  const reader = new WasmReader(bodyOf(sections, SECTION.data));
  return reader.onlyList(() => {
    if (reader.u32() !== PASSIVE)
      throw new RangeError("the wasm writes its data over whatever is in memory");
    return reader.slice(reader.u32());
  }).length;
}

/**
 * Takes the data out of a wasm. Over a restored memory nobody asks for it: it is there already.
 *
 * @throws RangeError where the wasm is not one that this understands.
 */
export function emptyData(wasm: Uint8Array): Uint8Array<ArrayBuffer> {
  const sections = readSections(wasm);
  const count = requirePassiveData(sections);
  const empty = Uint8Array.of(PASSIVE, 0);
  return writeSections(sections, {
    [SECTION.data]: listOf(Array.from({ length: count }, () => empty)),
  });
}

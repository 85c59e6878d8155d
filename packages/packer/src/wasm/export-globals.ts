import { readExports, readGlobals } from "./module-parts.ts";
import { bodyOf, readSections, SECTION, writeSections } from "./sections.ts";
import { join, nameBytes, u32, WasmReader } from "./wasm-bytes.ts";

const GLOBAL_KIND = 3;

/** The name that a global is exported under. */
export function globalName(index: number): string {
  return `$${index}`;
}

/**
 * Exports every mutable global of a wasm as `$` and its index, so that it can be read and set from
 * outside. Nothing else of the wasm changes.
 *
 * @throws RangeError where the wasm is not one that this understands.
 */
export function exportGlobals(wasm: Uint8Array): {
  readonly wasm: Uint8Array<ArrayBuffer>;
  readonly names: readonly string[];
} {
  const sections = readSections(wasm);
  const known = new Set(readExports(sections).map(({ name }) => name));
  const added = readGlobals(sections)
    .filter(({ index, isMutable }) => isMutable && !known.has(globalName(index)))
    .map(({ index }) => index);
  const body = bodyOf(sections, SECTION.export);
  const reader = new WasmReader(body);
  const count = reader.u32();
  const exported = added.map((index) =>
    join([nameBytes(globalName(index)), Uint8Array.of(GLOBAL_KIND), u32(index)]),
  );
  const all = join([u32(count + added.length), body.subarray(reader.at), ...exported]);
  return {
    wasm: writeSections(sections, { [SECTION.export]: all }),
    names: added.map(globalName),
  };
}

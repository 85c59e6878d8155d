import { readExports, readGlobals } from "./module-parts.ts";
import { bodyOf, readSections, SECTION, type Section, writeSections } from "./sections.ts";
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
  const known = new Map(readExports(sections).map((one) => [one.name, one]));
  const added = readGlobals(sections)
    .filter(({ isMutable }) => isMutable)
    .map(({ index }) => index)
    .filter((index) => {
      const there = known.get(globalName(index));
      if (there === undefined) return true;
      if (there.kind === "global" && there.index === index) return false;
      throw new RangeError(`the wasm exports something else as ${there.name}`);
    });
  return {
    wasm: writeSections(sections, { [SECTION.export]: withGlobals(sections, added, globalName) }),
    names: added.map(globalName),
  };
}

/** The section of exports, with some globals behind those there are. */
export function withGlobals(
  sections: readonly Section[],
  added: readonly number[],
  nameOf: (index: number) => string,
): Uint8Array<ArrayBuffer> {
  const body = bodyOf(sections, SECTION.export);
  const reader = new WasmReader(body);
  const count = reader.u32();
  const exported = added.map((index) =>
    join([nameBytes(nameOf(index)), Uint8Array.of(GLOBAL_KIND), u32(index)]),
  );
  return join([u32(count + added.length), body.subarray(reader.at), ...exported]);
}

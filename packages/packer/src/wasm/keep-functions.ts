import { readBodies } from "./module-parts.ts";
import { readSections, SECTION, writeSections } from "./sections.ts";
import { listOf, sized } from "./wasm-bytes.ts";

/** A function without locals that does nothing but trap. */
const TRAP = Uint8Array.of(0, 0x00, 0x0b);

/**
 * Takes out of a wasm what all but some of its functions do: those trap. Their numbers stay, so that a
 * memory with pointers to functions fits this wasm as it fits the whole one.
 *
 * @param kept numbers of functions that the wasm defines, counted from 0
 * @throws RangeError where the wasm is not one that this understands.
 */
export function keepFunctions(
  wasm: Uint8Array,
  kept: ReadonlySet<number>,
): Uint8Array<ArrayBuffer> {
  const sections = readSections(wasm);
  const bodies = readBodies(sections).map((body, i) => sized(kept.has(i) ? body : TRAP));
  return writeSections(sections, { [SECTION.code]: listOf(bodies) });
}

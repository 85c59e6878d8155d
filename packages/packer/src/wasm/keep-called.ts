import { type BranchSizes, readBranches, withoutBranches } from "./branches.ts";
import { readBodies } from "./module-parts.ts";
import { readSections, SECTION, writeSections } from "./sections.ts";
import { listOf, sized } from "./wasm-bytes.ts";

/** A function without locals that does nothing but trap. */
const TRAP = Uint8Array.of(0, 0x00, 0x0b);

/**
 * Takes out of a wasm what was not called: those functions trap, and large ones where they come to a long
 * branch that was not taken. Functions keep their numbers, so that a memory with pointers to them fits this wasm
 * as it fits the whole one.
 *
 * @param called numbers of functions and branches, as `countCalls` has them
 * @param large as for `countCalls`
 * @throws RangeError where the wasm is not one that this understands.
 */
export function keepCalled(
  wasm: Uint8Array,
  called: ReadonlySet<number>,
  large?: BranchSizes,
): Uint8Array<ArrayBuffer> {
  const sections = readSections(wasm);
  const whole = readBodies(sections);
  const branches = readBranches(whole, large);
  let last = whole.length;
  const bodies = whole.map((body, i) => {
    const left = branches[i]?.filter(() => !called.has(last++)) ?? [];
    return sized(called.has(i) ? withoutBranches(body, left) : TRAP);
  });
  return writeSections(sections, { [SECTION.code]: listOf(bodies) });
}

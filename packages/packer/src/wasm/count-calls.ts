import { type BranchSizes, readBranches } from "./branches.ts";
import { withGlobals } from "./export-globals.ts";
import { definedIn, endOfLocals, importsOf, readBodies } from "./module-parts.ts";
import { bodyOf, readSections, SECTION, writeSections } from "./sections.ts";
import { join, listOf, sized, u32, WasmReader } from "./wasm-bytes.ts";

/** What the globals of what is called are named by, before its number. */
export const CALL_MARK = "~";

/** `(global (mut i32) (i32.const 0))` */
const UNCALLED = Uint8Array.of(0x7f, 1, 0x41, 0, 0x0b);

const I32_CONST = 0x41;
const GLOBAL_SET = 0x24;

/**
 * Lets a wasm note which of its functions are called, and which branches of large ones are taken: for each
 * a global is exported as `~` and its number, and is 1 from then on. Functions that the wasm defines are
 * counted from 0, and branches behind them, in the order of the functions.
 *
 * @throws RangeError where the wasm is not one that this understands.
 */
export function countCalls(wasm: Uint8Array, large?: BranchSizes): Uint8Array<ArrayBuffer> {
  const sections = readSections(wasm);
  const bodies = readBodies(sections);
  const first = importsOf(sections, "global") + definedIn(sections, SECTION.global);
  const branches = readBranches(bodies, large);
  let last = first + bodies.length;
  const noted = bodies.map((body, i) => {
    const called = { at: endOfLocals(body), global: first + i };
    const taken = branches[i]?.map(({ at }) => ({ at, global: last++ })) ?? [];
    return sized(withNotes(body, [called, ...taken]));
  });
  const added = Array.from({ length: last - first }, (_, i) => first + i);
  return writeSections(sections, {
    [SECTION.global]: withUncalled(bodyOf(sections, SECTION.global), added.length),
    [SECTION.export]: withGlobals(sections, added, (index) => `${CALL_MARK}${index - first}`),
    [SECTION.code]: listOf(noted),
  });
}

/** A function's body that sets globals to 1 at some places, which are in order. */
function withNotes(
  body: Uint8Array,
  places: readonly { readonly at: number; readonly global: number }[],
): Uint8Array {
  const parts: Uint8Array[] = [];
  let from = 0;
  for (const { at, global } of places) {
    parts.push(body.subarray(from, at), Uint8Array.of(I32_CONST, 1, GLOBAL_SET), u32(global));
    from = at;
  }
  return join([...parts, body.subarray(from)]);
}

function withUncalled(globals: Uint8Array, added: number): Uint8Array {
  const reader = new WasmReader(globals);
  const count = reader.u32();
  const uncalled = Array.from({ length: added }, () => UNCALLED);
  return join([u32(count + added), globals.subarray(reader.at), ...uncalled]);
}

import { withGlobals } from "./export-globals.ts";
import { definedIn, endOfLocals, importsOf, readBodies } from "./module-parts.ts";
import { bodyOf, readSections, SECTION, writeSections } from "./sections.ts";
import { join, listOf, sized, u32, WasmReader } from "./wasm-bytes.ts";

/** What the globals of functions are called by, before the function's number. */
export const CALL_MARK = "~";

/** `(global (mut i32) (i32.const 0))` */
const UNCALLED = Uint8Array.of(0x7f, 1, 0x41, 0, 0x0b);

const I32_CONST = 0x41;
const GLOBAL_SET = 0x24;

/**
 * Lets a wasm note which of its functions are called: for each that it defines, a global is exported as
 * `~` and its number, counted from 0, and is 1 once it was called.
 *
 * @throws RangeError where the wasm is not one that this understands.
 */
export function countCalls(wasm: Uint8Array): Uint8Array<ArrayBuffer> {
  const sections = readSections(wasm);
  const bodies = readBodies(sections);
  const first = importsOf(sections, "global") + definedIn(sections, SECTION.global);
  const noted = bodies.map((body, i) => {
    const start = endOfLocals(body);
    const note = join([Uint8Array.of(I32_CONST, 1, GLOBAL_SET), u32(first + i)]);
    return sized(join([body.subarray(0, start), note, body.subarray(start)]));
  });
  const added = bodies.map((_, i) => first + i);
  return writeSections(sections, {
    [SECTION.global]: withUncalled(bodyOf(sections, SECTION.global), bodies.length),
    [SECTION.export]: withGlobals(sections, added, (index) => `${CALL_MARK}${index - first}`),
    [SECTION.code]: listOf(noted),
  });
}

function withUncalled(globals: Uint8Array, functions: number): Uint8Array {
  const reader = new WasmReader(globals);
  const count = reader.u32();
  const added = Array.from({ length: functions }, () => UNCALLED);
  return join([u32(count + functions), globals.subarray(reader.at), ...added]);
}

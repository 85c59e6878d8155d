import { OPCODE, readInstruction } from "./instructions.ts";
import { endOfLocals } from "./module-parts.ts";
import { join, WasmReader } from "./wasm-bytes.ts";

/**
 * A stretch of a function's body that may be passed over, though what comes before it is not: behind `if`,
 * `else` and `br_if`, and behind the end of a block, which is where others jump to.
 */
export interface Branch {
  /** Where it begins. */
  readonly at: number;
  /** Where the `else` or `end` is that it ends with, at the latest: nobody jumps into it before that. */
  readonly until: number;
}

/** Which branches are worth a look, in bytes. */
export interface BranchSizes {
  /** Functions of more than that choose among many cases, such as pairs of types: a model meets few of them. */
  readonly functions: number;
  /** Branches of less are what a case does for rare values, or for what is left of a size: they stay. */
  readonly branches: number;
}

export const LARGE: BranchSizes = { functions: 65_536, branches: 256 };

/** V8 takes no wasm with more exports than 100,000, and each function and branch is one where they are counted. */
const MOST = 90_000;

/**
 * The branches of functions, in the order in which they begin: of those that are large, as far as their
 * instructions are known, and until there would be too many.
 *
 * @param bodies locals included
 */
export function readBranches(
  bodies: readonly Uint8Array[],
  large: BranchSizes = LARGE,
): (readonly Branch[])[] {
  let left = MOST - bodies.length;
  return bodies.map((body) => {
    const all = body.length > large.functions ? understood(body) : [];
    const branches = all.filter(({ at, until }) => until - at >= large.branches);
    if (branches.length > left) return [];
    left -= branches.length;
    return branches;
  });
}

function understood(body: Uint8Array): Branch[] {
  try {
    return branchesOf(body);
  } catch (error) {
    if (error instanceof RangeError) return [];
    throw error;
  }
}

/** @throws RangeError where the body is not one that this understands */
function branchesOf(body: Uint8Array): Branch[] {
  const reader = new WasmReader(body, endOfLocals(body));
  const branches: Branch[] = [];
  /** Where those begin that are not at their end, for each block that is open. */
  const open: number[][] = [[]];
  while (!reader.isAtEnd) {
    const { at } = reader;
    const opcode = readInstruction(reader);
    if (opcode === OPCODE.else || opcode === OPCODE.end)
      for (const begun of open.pop() ?? []) branches.push({ at: begun, until: at });
    if (opcode === OPCODE.else || opcode === OPCODE.if) open.push([reader.at]);
    if (opcode === OPCODE.block || opcode === OPCODE.loop) open.push([]);
    if (opcode === OPCODE.end || opcode === OPCODE.branchIf) open.at(-1)?.push(reader.at);
  }
  if (open.length > 0) throw new RangeError("a function of the wasm has no end");
  return branches.sort((one, other) => one.at - other.at);
}

/** Lets some branches of a function trap: what they did is left out. */
export function withoutBranches(body: Uint8Array, left: readonly Branch[]): Uint8Array {
  const parts: Uint8Array[] = [];
  let from = 0;
  for (const { at, until } of left) {
    // It is part of one that is left out already.
    if (at < from) continue;
    parts.push(body.subarray(from, at), Uint8Array.of(OPCODE.unreachable));
    from = until;
  }
  return join([...parts, body.subarray(from)]);
}

import type { WasmReader } from "./wasm-bytes.ts";

/** Instructions that decide which comes next, by the numbers of the format. */
export const OPCODE = {
  unreachable: 0x00,
  block: 0x02,
  loop: 0x03,
  if: 0x04,
  else: 0x05,
  end: 0x0b,
  branchIf: 0x0d,
} as const;

type Skip = (reader: WasmReader) => void;

/** What follows on opcodes, of which both ends are meant. */
type Range = readonly [first: number, last: number, skip: Skip];

const nothing: Skip = () => undefined;
const number: Skip = (reader) => reader.skipNumber();
const numbers: Skip = (reader) => {
  number(reader);
  number(reader);
};
const blockType: Skip = (reader) => {
  const type = reader.byte();
  if (type === 0x63 || type === 0x64) throw new RangeError("the wasm has references of a type");
  if (type >= 0x80) number(reader);
};
const bytes =
  (length: number): Skip =>
  (reader) => {
    reader.slice(length);
  };
const labels: Skip = (reader) => {
  reader.list(() => reader.u32());
  number(reader);
};
/** Alignment and offset: the one memory is not named. */
const place: Skip = (reader) => {
  if (reader.u32() >= 64) throw new RangeError("the wasm names a memory");
  number(reader);
};
const placeAndLane: Skip = (reader) => {
  place(reader);
  reader.byte();
};

const PLAIN: readonly Range[] = [
  [0x00, 0x01, nothing],
  [OPCODE.block, OPCODE.if, blockType],
  [OPCODE.else, OPCODE.else, nothing],
  [OPCODE.end, OPCODE.end, nothing],
  [0x0c, OPCODE.branchIf, number],
  [0x0e, 0x0e, labels],
  [0x0f, 0x0f, nothing],
  [0x10, 0x10, number],
  [0x11, 0x11, numbers],
  [0x1a, 0x1b, nothing],
  [0x20, 0x26, number],
  [0x28, 0x3e, place],
  [0x3f, 0x42, number],
  [0x43, 0x43, bytes(4)],
  [0x44, 0x44, bytes(8)],
  [0x45, 0xc4, nothing],
];

/** Those of two numbers, by the first. */
const PREFIXED: Readonly<Record<number, readonly Range[]>> = {
  // Numbers that saturate, and memory and tables in bulk.
  252: [
    [0, 7, nothing],
    [8, 8, numbers],
    [9, 9, number],
    [10, 10, numbers],
    [11, 11, number],
    [12, 12, numbers],
    [13, 13, number],
    [14, 14, numbers],
    [15, 17, number],
  ],
  // Vectors.
  253: [
    [0, 11, place],
    [12, 13, bytes(16)],
    [14, 20, nothing],
    [21, 34, bytes(1)],
    [35, 83, nothing],
    [84, 91, placeAndLane],
    [92, 93, place],
    [94, 0x113, nothing],
  ],
  // Atomics.
  254: [
    [0, 2, place],
    [3, 3, bytes(1)],
    [0x10, 0x4e, place],
  ],
};

/**
 * Reads an instruction.
 *
 * @returns its opcode, or what that begins with where it is of two numbers
 * @throws RangeError where it is not known, as those are not that throw and catch
 */
export function readInstruction(reader: WasmReader): number {
  const opcode = reader.byte();
  const prefixed = PREFIXED[opcode];
  const code = prefixed === undefined ? opcode : reader.u32();
  const range = (prefixed ?? PLAIN).find(([first, last]) => first <= code && code <= last);
  if (range === undefined)
    throw new RangeError(`the wasm has an instruction ${opcode.toString(16)} ${code}`);
  range[2](reader);
  return opcode;
}

import { join, listOf, nameBytes, sized, u32 } from "./wasm-bytes.ts";

/** A global of a module to make. */
export interface MadeGlobal {
  /** One of `f32` is a small integer. */
  readonly type: "i32" | "i64" | "f32";
  readonly isMutable: boolean;
  readonly value: bigint;
}

/** A function of a module to make: its parameters are i32, and so is its one result, if any. */
export interface MadeFunction {
  readonly parameters?: number;
  readonly hasResult?: boolean;
  /** How many more i32 it has, behind its parameters. */
  readonly locals?: number;
  /** Instructions, without the last `end`. */
  readonly code: readonly number[];
}

/** A module to make. It imports one memory, `m.memory`, and exports one table. */
export interface MadeModule {
  readonly globals?: readonly MadeGlobal[];
  readonly functions?: readonly MadeFunction[];
  /** Functions by the names they are exported under. */
  readonly exports?: Readonly<Record<string, number>>;
  readonly tables?: readonly string[];
  /** How many tables and memories it has besides, for itself. */
  readonly hidden?: { readonly tables?: number; readonly memories?: number };
  readonly start?: number | undefined;
  /** Passive, unless an address says where they go. */
  readonly data?: readonly { readonly bytes: readonly number[]; readonly at?: number }[];
}

const TYPES = { i32: 0x7f, i64: 0x7e, f32: 0x7d } as const;
const CONSTANTS = { i32: 0x41, i64: 0x42, f32: 0x43 } as const;
const END = 0x0b;

type Made = [id: number, body: Uint8Array];

/** Makes the bytes of a small module, as a linker would. */
export function makeWasm({
  globals = [],
  functions = [],
  exports = {},
  tables = ["table"],
  hidden = {},
  start,
  data = [],
}: MadeModule): Uint8Array<ArrayBuffer> {
  const header = Uint8Array.of(0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00);
  const exported = [
    ...tables.map((name, i) => join([nameBytes(name), Uint8Array.of(1, i)])),
    ...Object.entries(exports).map(([name, index]) =>
      join([nameBytes(name), Uint8Array.of(0), u32(index)]),
    ),
  ];
  const sections: Made[] = [
    [1, listOf(functions.map(typeOf))],
    [2, listOf([join([nameBytes("m"), nameBytes("memory"), Uint8Array.of(2, 0, 1)])])],
    [3, listOf(functions.map((_, i) => u32(i)))],
    [4, listOf([...tables, ...Array(hidden.tables ?? 0)].map(() => Uint8Array.of(0x70, 0, 0)))],
    ...((hidden.memories ?? 0) === 0
      ? []
      : [[5, listOf(Array(hidden.memories).fill(Uint8Array.of(0, 1)))] satisfies Made]),
    [6, listOf(globals.map(globalOf))],
    [7, listOf(exported)],
    ...(start === undefined ? [] : [[8, u32(start)] satisfies Made]),
    [12, u32(data.length)],
    [10, listOf(functions.map(bodyOf))],
    [11, listOf(data.map(segmentOf))],
  ];
  return join([header, ...sections.flatMap(([id, body]) => [Uint8Array.of(id), sized(body)])]);
}

function typeOf({ parameters = 0, hasResult = false }: MadeFunction): Uint8Array {
  const types = new Uint8Array(parameters).fill(TYPES.i32);
  return join([
    Uint8Array.of(0x60),
    listOf([...types].map((type) => Uint8Array.of(type))),
    hasResult ? Uint8Array.of(1, TYPES.i32) : Uint8Array.of(0),
  ]);
}

function bodyOf({ locals, code }: MadeFunction): Uint8Array {
  const groups = locals === undefined ? [0] : [1, locals, TYPES.i32];
  return sized(Uint8Array.of(...groups, ...code, END));
}

function globalOf({ type, isMutable, value }: MadeGlobal): Uint8Array {
  return join([
    Uint8Array.of(TYPES[type], isMutable ? 1 : 0, CONSTANTS[type]),
    type === "f32" ? new Uint8Array(Float32Array.of(Number(value)).buffer) : signed(value),
    Uint8Array.of(END),
  ]);
}

function segmentOf({ bytes, at }: { readonly bytes: readonly number[]; readonly at?: number }) {
  const content = sized(Uint8Array.from(bytes));
  if (at === undefined) return join([Uint8Array.of(1), content]);
  return join([Uint8Array.of(0, CONSTANTS.i32), signed(BigInt(at)), Uint8Array.of(END), content]);
}

/** A signed number in LEB128. */
function signed(value: bigint): Uint8Array {
  const bytes: number[] = [];
  for (let rest = value; ; ) {
    const low = Number(rest & 0x7fn);
    rest >>= 7n;
    const isLast = (rest === 0n && low < 64) || (rest === -1n && low >= 64);
    bytes.push(isLast ? low : low + 128);
    if (isLast) return Uint8Array.from(bytes);
  }
}

/** Runs a module, with a memory of one page unless one is given. */
export async function instantiate(
  wasm: Uint8Array<ArrayBuffer>,
  memory: WebAssembly.Memory = new WebAssembly.Memory({ initial: 1 }),
): Promise<WebAssembly.Exports> {
  const { instance } = await WebAssembly.instantiate(wasm, { m: { memory } });
  return instance.exports;
}

/** A function that a module exports. */
export function exportedFunction(exports: WebAssembly.Exports, name: string): CallableFunction {
  const found = exports[name];
  if (typeof found !== "function") throw new Error(`nothing is exported as ${name}`);
  return found;
}

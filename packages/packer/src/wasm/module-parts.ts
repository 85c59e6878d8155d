import { bodyOf, SECTION, type Section } from "./sections.ts";
import { WasmReader } from "./wasm-bytes.ts";

const KINDS = ["function", "table", "memory", "global", "tag"] as const;

/** What can be imported and exported. */
export type WasmKind = (typeof KINDS)[number];

/** What a wasm imports. */
export interface WasmImport {
  readonly module: string;
  readonly name: string;
  readonly kind: WasmKind;
}

export function readImports(sections: readonly Section[]): WasmImport[] {
  const reader = new WasmReader(bodyOf(sections, SECTION.import));
  return reader.onlyList(() => {
    const [module, name] = [reader.name(), reader.name()];
    const kind = kindOf(reader.byte());
    skipImportType(reader, kind);
    return { module, name, kind };
  });
}

/** How many of a kind are imported: what a wasm defines itself is counted on from there. */
export function importsOf(sections: readonly Section[], kind: WasmKind): number {
  if (!sections.some(({ id }) => id === SECTION.import)) return 0;
  return readImports(sections).filter((one) => one.kind === kind).length;
}

/** What a wasm exports. */
export interface WasmExport {
  readonly name: string;
  readonly kind: WasmKind;
  /** Among all of its kind, imported ones first. */
  readonly index: number;
}

export function readExports(sections: readonly Section[]): WasmExport[] {
  const reader = new WasmReader(bodyOf(sections, SECTION.export));
  return reader.onlyList(() => ({
    name: reader.name(),
    kind: kindOf(reader.byte()),
    index: reader.u32(),
  }));
}

/** A global that a wasm defines. */
export interface WasmGlobal {
  /** Among all globals, imported ones first. */
  readonly index: number;
  readonly type: "i32" | "i64";
  readonly isMutable: boolean;
}

const I32_CONST = 0x41;
const I64_CONST = 0x42;
const END = 0x0b;
const TYPES: Readonly<Record<number, WasmGlobal["type"]>> = { 127: "i32", 126: "i64" };

/** @throws RangeError where one is of another type, or starts as something else than a number */
export function readGlobals(sections: readonly Section[]): WasmGlobal[] {
  const imported = importsOf(sections, "global");
  const reader = new WasmReader(bodyOf(sections, SECTION.global));
  return reader.onlyList((i) => {
    const type = TYPES[reader.byte()];
    if (type === undefined) throw new RangeError(`global ${imported + i} is no integer`);
    const mutability = reader.byte();
    // What threads share is neither: it would be taken for a constant, and left out of images.
    if (mutability > 1) throw new RangeError(`global ${imported + i} is shared`);
    const isMutable = mutability === 1;
    const opcode = reader.byte();
    if (opcode !== I32_CONST && opcode !== I64_CONST)
      throw new RangeError(`global ${imported + i} does not start as a constant`);
    reader.skipNumber();
    if (reader.byte() !== END) throw new RangeError(`global ${imported + i} starts as a sum`);
    return { index: imported + i, type, isMutable };
  });
}

/** How many of a kind a wasm defines itself, as the section says that has them. */
export function definedIn(sections: readonly Section[], id: number): number {
  const section = sections.find((one) => one.id === id);
  return section === undefined ? 0 : new WasmReader(section.body).u32();
}

/** The bodies of the functions that a wasm defines, in order; locals included. */
export function readBodies(sections: readonly Section[]): Uint8Array[] {
  const reader = new WasmReader(bodyOf(sections, SECTION.code));
  return reader.onlyList(() => reader.slice(reader.u32()));
}

/** Where the instructions of a function begin, behind its locals. */
export function endOfLocals(body: Uint8Array): number {
  const reader = new WasmReader(body);
  reader.list(() => {
    reader.u32();
    skipValueType(reader);
  });
  return reader.at;
}

function kindOf(byte: number): WasmKind {
  const kind = KINDS[byte];
  if (kind === undefined) throw new RangeError(`the wasm speaks of a kind ${byte}`);
  return kind;
}

function skipImportType(reader: WasmReader, kind: WasmKind): void {
  if (kind === "function") reader.u32();
  else if (kind === "global") {
    skipValueType(reader);
    reader.byte();
  } else if (kind === "tag") {
    reader.byte();
    reader.u32();
  } else {
    if (kind === "table") skipValueType(reader);
    skipLimits(reader);
  }
}

/** What is written in one byte: numbers, vectors, functions and what is foreign. */
const VALUE_TYPES = [0x7f, 0x7e, 0x7d, 0x7c, 0x7b, 0x70, 0x6f];

function skipValueType(reader: WasmReader): void {
  const type = reader.byte();
  if (!VALUE_TYPES.includes(type)) throw new RangeError(`the wasm has a type ${type}`);
}

function skipLimits(reader: WasmReader): void {
  const hasMaximum = (reader.byte() & 1) === 1;
  reader.skipNumber();
  if (hasMaximum) reader.skipNumber();
}

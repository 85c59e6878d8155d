import { bodyOf, SECTION, type Section } from "./sections.ts";
import { WasmReader } from "./wasm-bytes.ts";

/** What a wasm imports. */
export interface WasmImport {
  readonly module: string;
  readonly name: string;
  readonly kind: "function" | "table" | "memory" | "global" | "tag";
}

const IMPORT_KINDS = ["function", "table", "memory", "global", "tag"] as const;
const EXPORT_KINDS = IMPORT_KINDS;

export function readImports(sections: readonly Section[]): WasmImport[] {
  const reader = new WasmReader(bodyOf(sections, SECTION.import));
  return Array.from({ length: reader.u32() }, () => {
    const [module, name] = [reader.name(), reader.name()];
    const kind = kindOf(reader.byte(), IMPORT_KINDS);
    skipImportType(reader, kind);
    return { module, name, kind };
  });
}

/** What a wasm exports. */
export interface WasmExport {
  readonly name: string;
  readonly kind: WasmImport["kind"];
  /** Among all of its kind, imported ones first. */
  readonly index: number;
}

export function readExports(sections: readonly Section[]): WasmExport[] {
  const reader = new WasmReader(bodyOf(sections, SECTION.export));
  return Array.from({ length: reader.u32() }, () => ({
    name: reader.name(),
    kind: kindOf(reader.byte(), EXPORT_KINDS),
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
  const imported = readImports(sections).filter(({ kind }) => kind === "global").length;
  const reader = new WasmReader(bodyOf(sections, SECTION.global));
  return Array.from({ length: reader.u32() }, (_, i) => {
    const type = TYPES[reader.byte()];
    if (type === undefined) throw new RangeError(`global ${imported + i} is no integer`);
    const isMutable = reader.byte() === 1;
    const opcode = reader.byte();
    if (opcode !== I32_CONST && opcode !== I64_CONST)
      throw new RangeError(`global ${imported + i} does not start as a constant`);
    reader.skipNumber();
    if (reader.byte() !== END) throw new RangeError(`global ${imported + i} starts as a sum`);
    return { index: imported + i, type, isMutable };
  });
}

/** The bodies of the functions that a wasm defines, in order; locals included. */
export function readBodies(sections: readonly Section[]): Uint8Array[] {
  const reader = new WasmReader(bodyOf(sections, SECTION.code));
  return Array.from({ length: reader.u32() }, () => reader.slice(reader.u32()));
}

function kindOf<Kind>(byte: number, kinds: readonly Kind[]): Kind {
  const kind = kinds[byte];
  if (kind === undefined) throw new RangeError(`the wasm speaks of a kind ${byte}`);
  return kind;
}

function skipImportType(reader: WasmReader, kind: WasmImport["kind"]): void {
  if (kind === "function") reader.u32();
  else if (kind === "global") reader.slice(2);
  else {
    if (kind !== "memory") reader.byte();
    if (kind === "tag") reader.u32();
    else skipLimits(reader);
  }
}

function skipLimits(reader: WasmReader): void {
  const hasMaximum = (reader.byte() & 1) === 1;
  reader.skipNumber();
  if (hasMaximum) reader.skipNumber();
}

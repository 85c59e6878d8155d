import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { exportGlobals } from "./export-globals.ts";
import { readGlobals } from "./module-parts.ts";
import { readSections } from "./sections.ts";
import { instantiate, type MadeGlobal, makeWasm } from "./wasm.fixture.ts";

const anyGlobal: fc.Arbitrary<MadeGlobal> = fc.oneof(
  fc.record({
    type: fc.constant("i32" as const),
    isMutable: fc.boolean(),
    value: fc.integer().map(BigInt),
  }),
  fc.record({
    type: fc.constant("i64" as const),
    isMutable: fc.boolean(),
    value: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  }),
);

const END = 0x0b;

/** Numbers with the byte that ends an expression in them: as a digit, and as all there is. */
const HOLDING_END = [0x0bn, 0x0b00n, 0x585n << 1n, -0x75n, 0x0b0b0b0bn];

describe("exportGlobals", () => {
  it("lets every mutable global be read and set, and nothing else", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyGlobal, { maxLength: 300 }), async (globals) => {
        const { wasm, names } = exportGlobals(makeWasm({ globals }));
        const { table, ...exports } = await instantiate(wasm);
        const mutable = globals.flatMap(({ isMutable }, i) => (isMutable ? [`$${i}`] : []));
        expect(names).toEqual(mutable);
        expect(Object.keys(exports)).toEqual(mutable);
        for (const [name, global] of Object.entries(exports)) {
          if (!(global instanceof WebAssembly.Global)) throw new Error(`${name} is no global`);
          const { value } = global;
          expect(BigInt(value)).toBe(globals[Number(name.slice(1))]?.value);
          global.value = typeof value === "bigint" ? 7n : 7;
          expect(Number(global.value)).toBe(7);
        }
      }),
      { numRuns: 50 },
    );
  });

  it.each(HOLDING_END)("is not misled by an end within the number %d", async (value) => {
    for (const type of ["i32", "i64"] as const) {
      const globals = [
        { type, isMutable: false, value },
        { type, isMutable: true, value },
      ];
      const original = makeWasm({ globals });
      expect(readGlobals(readSections(original)).map(({ index }) => index)).toEqual([0, 1]);
      const { $1 } = await instantiate(exportGlobals(original).wasm);
      expect($1).toMatchObject({ value: type === "i64" ? value : Number(value) });
    }
    expect([...makeWasm({ globals: [{ type: "i64", isMutable: true, value }] })]).toContain(END);
  });

  it("changes nothing where it was done before", () => {
    const { wasm } = exportGlobals(
      makeWasm({ globals: [{ type: "i32", isMutable: true, value: 5n }] }),
    );
    const again = exportGlobals(wasm);
    expect(again.names).toEqual([]);
    expect(again.wasm).toEqual(wasm);
  });

  it("refuses a wasm that exports something else by such a name", () => {
    const globals = [{ type: "i32", isMutable: true, value: 0n }] as const;
    expect(() => exportGlobals(makeWasm({ globals, tables: ["$0"] }))).toThrow(
      /exports something else as \$0/,
    );
  });

  it("refuses a global that threads share, which is no constant", () => {
    const wasm = makeWasm({ globals: [{ type: "i32", isMutable: true, value: 77n }] });
    const at = wasm.findIndex((byte, i) => byte === 0x7f && wasm[i + 1] === 1);
    wasm[at + 1] = 3;
    expect(() => exportGlobals(wasm)).toThrow("global 0 is shared");
  });

  it("refuses whatever is no wasm with a RangeError, or leaves a wasm", () => {
    const sound = makeWasm({
      globals: [{ type: "i64", isMutable: true, value: -3n }],
      functions: [{ code: [] }],
      exports: { f: 0 },
    });
    const damaged = fc
      .tuple(fc.nat(sound.length - 1), fc.nat(255), fc.nat(sound.length))
      .map(([at, byte, length]) => {
        const bytes = sound.slice();
        bytes[at] = byte;
        return bytes.subarray(0, length);
      });
    const headed = fc.uint8Array().map((bytes) => Uint8Array.of(...sound.subarray(0, 8), ...bytes));
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array(), headed, damaged), (bytes) => {
        const isValid = WebAssembly.validate(bytes);
        try {
          const { wasm } = exportGlobals(bytes);
          expect(WebAssembly.validate(wasm)).toBe(isValid);
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

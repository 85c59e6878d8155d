import { describe, expect, it } from "vitest";
import { elementsOf } from "../named-tensor.ts";
import { readNpyArray } from "./npy-array.ts";
import { type FixtureArray, npy, npyFile } from "./npz.fixture.ts";

function elements(array: FixtureArray): (number | bigint | string)[] {
  const read = readNpyArray(npy(array));
  if (typeof read === "string") return expect.fail(read);
  return read.dtype === "string"
    ? read.texts
    : Array.from<number | bigint | string>(elementsOf(read));
}

describe("readNpyArray", () => {
  it.each([
    ["|b1", Uint8Array.of(0, 1), [0, 1]],
    ["|i1", Int8Array.of(-1, 2), [-1, 2]],
    ["|u1", Uint8Array.of(1, 255), [1, 255]],
    ["<i2", Int16Array.of(-300, 2), [-300, 2]],
    [">i2", Uint8Array.of(1, 0, 0, 2), [256, 2]],
    ["<u4", Uint32Array.of(1, 2 ** 32 - 1), [1, 2 ** 32 - 1]],
    ["<i8", BigInt64Array.of(-1n, 2n), [-1n, 2n]],
    ["<f2", Uint16Array.of(0x3e00, 0xbc00), [1.5, -1]],
    [">f2", Uint8Array.of(0x3e, 0, 0xbc, 0), [1.5, -1]],
    ["<f4", Float32Array.of(0.5, -1), [0.5, -1]],
    [">f4", Uint8Array.of(0x3f, 0, 0, 0, 0xbf, 0x80, 0, 0), [0.5, -1]],
    ["<f8", Float64Array.of(0.1, Number.NaN), [0.1, Number.NaN]],
    ["<U2", Uint32Array.of(0x61, 0x1f600, 0x62, 0), ["a😀", "b"]],
    [">U1", Uint8Array.of(0, 0, 0, 0x61, 0, 0, 0, 0x62), ["a", "b"]],
  ])("reads %s", (descr, data, expected) => {
    expect(elements({ descr, shape: [2], data })).toEqual(expected);
  });

  it.each([1, 2, 3] as const)("reads version %i of the format", (version) => {
    const data = Float32Array.of(7);
    expect(elements({ descr: "<f4", shape: [], data, version })).toEqual([7]);
  });

  it("puts Fortran's order right", () => {
    const columns = { descr: "|u1", isFortranOrder: true };
    expect(elements({ ...columns, shape: [2, 3], data: Uint8Array.of(1, 4, 2, 5, 3, 6) })).toEqual([
      1, 2, 3, 4, 5, 6,
    ]);
    const cube = { ...columns, shape: [2, 2, 2], data: Uint8Array.of(1, 5, 3, 7, 2, 6, 4, 8) };
    expect(elements(cube)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });

  it("reads headers as older versions of Python wrote them, whatever their order", () => {
    const header = "{'shape': (2L,), 'descr': '|u1', 'fortran_order': False}";
    expect(readNpyArray(npyFile(header, Uint8Array.of(3, 4)))).toMatchObject({ dims: [2] });
  });

  const header = (descr: string, shape = "(1,)", order = "False") =>
    npyFile(
      `{'descr': ${descr}, 'fortran_order': ${order}, 'shape': ${shape}, }`,
      Uint8Array.of(2),
    );

  it.each([
    ["Python objects", header("'|O'")],
    ["records", header("[('a', '<i4'), ('b', '<f4')]")],
    ["complex numbers", header("'<c8'")],
    ["bytes", header("'|S1'")],
    ["texts of no length", header("'<U0'", "(9007199254740991,)")],
    ["a boolean that is neither", header("'|b1'")],
    ["a shape larger than the data", header("'|u1'", "(2,)")],
    ["a shape beyond all numbers", header("'|u1'", `(${"9".repeat(400)},)`)],
    ["dimensions that overflow", header("'|u1'", `(${"9007199254740991,".repeat(40)})`)],
    ["a shape of words", header("'|u1'", "(a,)")],
    ["a shape with holes", header("'|u1'", "(1,,1)")],
    ["no shape", npyFile("{'descr': '|u1', 'fortran_order': False, }", Uint8Array.of(1))],
    ["an order of its own", header("'|u1'", "(1,)", "Maybe")],
    ["code", header("__import__('os').system('true')")],
    ["what follows the dictionary", npyFile("{'descr': '|u1'}; {}", Uint8Array.of(1))],
    [
      "a key twice",
      npyFile("{'descr': '|u1', 'descr': '|u1', 'fortran_order': False, 'shape': ()}"),
    ],
    [
      "a version of the future",
      npy({ descr: "|u1", shape: [], data: Uint8Array.of(1), version: 3 }).fill(9, 6, 7),
    ],
    ["another file", new TextEncoder().encode("not an array at all")],
    ["a file that ends too soon", header("'|u1'").subarray(0, 40)],
    ["nothing", new Uint8Array()],
  ])("refuses %s", (_, file) => {
    expect(readNpyArray(file)).toEqual(expect.any(String));
  });

  it("refuses texts that Unicode has no place for", () => {
    const data = Uint32Array.of(0x110000);
    expect(readNpyArray(npy({ descr: "<U1", shape: [], data }))).toContain("Unicode");
  });
});

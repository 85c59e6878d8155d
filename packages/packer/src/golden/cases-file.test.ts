import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { encodeStrings } from "@selvedge/protocol";
import { describe, expect, it } from "vitest";
import { bytesFrom, type RunnableType } from "../named-tensor.ts";
import { temporaryFolder } from "../onnx/onnx-model.fixture.ts";
import { readCases } from "./cases-file.ts";
import { type FixtureArray, npz } from "./npz.fixture.ts";

async function read(content: unknown, file = "cases.json") {
  const path = join(await temporaryFolder(), file);
  const isWritable = typeof content === "string" || content instanceof Uint8Array;
  await writeFile(path, isWritable ? content : JSON.stringify(content));
  return await readCases(path, "Golden file");
}

const floats = (shape: number[], ...values: number[]): FixtureArray => ({
  descr: "<f4",
  shape,
  data: Float32Array.from(values),
});
const integers = (shape: number[], ...values: bigint[]): FixtureArray => ({
  descr: "<i8",
  shape,
  data: BigInt64Array.from(values),
});
/** Texts of one character each. */
const letters = (shape: number[], text: string): FixtureArray => ({
  descr: "<U1",
  shape,
  data: Uint32Array.from([...text], (letter) => letter.codePointAt(0) ?? 0),
});
const tensor = (name: string, dtype: RunnableType, dims: number[], values: number[]) => ({
  name,
  dtype,
  dims,
  bytes: bytesFrom(dtype, values),
});

describe("readCases of JSON", () => {
  const withTensor = (x: unknown) => ({ cases: [{ inputs: { x } }] });
  const withCase = (more: object) => ({ cases: [{ inputs: {}, ...more }] });

  it("reads tensors of floats, 64-bit integers and booleans", async () => {
    const inputs = {
      x: { type: "float32", dims: [1, 2], data: [0.5, -1] },
      sr: { type: "int64", dims: [], data: [16000] },
      flag: { type: "bool", dims: [1], data: [1] },
    };
    expect(await read({ cases: [{ inputs }] })).toEqual([
      {
        inputs: [
          tensor("x", "float32", [1, 2], [0.5, -1]),
          tensor("sr", "int64", [], [16000]),
          tensor("flag", "bool", [1], [1]),
        ],
      },
    ]);
  });

  it("reads tensors of float16 and of strings", async () => {
    const inputs = {
      x: { type: "float16", dims: [2], data: [1, -0.5] },
      words: { type: "string", dims: [1, 2], data: ["a", ""] },
    };
    expect(await read({ cases: [{ inputs }] })).toEqual([
      {
        inputs: [
          {
            ...tensor("x", "float16", [2], []),
            bytes: new Uint8Array(Uint16Array.of(0x3c00, 0xb800).buffer),
          },
          { ...tensor("words", "string", [1, 2], []), bytes: encodeStrings(["a", ""]) },
        ],
      },
    ]);
  });

  it("reads what is expected of a case, and what it is called", async () => {
    const outputs = { y: { type: "float32", dims: [1], data: [2] } };
    expect(await read(withCase({ outputs, label: [1, 2], name: "blank page" }))).toEqual([
      {
        inputs: [],
        outputs: [tensor("y", "float32", [1], [2])],
        label: [1, 2],
        name: "blank page",
      },
    ]);
  });

  it.each([
    ["{", "not JSON"],
    [[], '"cases"'],
    [{ cases: [] }, '"cases"'],
    [{ cases: [3] }, "cases[0].inputs"],
    [{ cases: [{}] }, "cases[0].inputs"],
    [withCase({ output: {} }), "cases[0].output is none of"],
    [withCase({ label: null }), "cases[0].label"],
    [withCase({ name: 1 }), "cases[0].name"],
    [withCase({ outputs: [] }), "cases[0].outputs"],
    [withTensor(3), "cases[0].inputs.x"],
    [withTensor({ type: "float8", dims: [], data: [1] }), "type"],
    [withTensor({ type: "float32", dims: [-1], data: [1] }), "dims"],
    [withTensor({ type: "float32", dims: [1], data: ["1"] }), "data"],
    [withTensor({ type: "float32", dims: [2], data: [1] }), "2 numbers"],
    [withTensor({ type: "float16", dims: [1], data: [65_505] }), "up to 65504"],
    [withTensor({ type: "string", dims: [1], data: [1] }), "a list of strings"],
    [withTensor({ type: "string", dims: [2], data: ["a"] }), "2 strings"],
    [withTensor({ type: "float32", dims: [1], data: [1e39] }), "below 3.4e38"],
    [withTensor({ type: "int32", dims: [1], data: [0.5] }), "whole numbers"],
    [withTensor({ type: "uint8", dims: [1], data: [256] }), "from 0 to 255"],
  ])("says what is wrong with %j", async (document, what) => {
    await expect(read(document)).rejects.toMatchObject({
      code: "options-invalid",
      message: expect.stringMatching(/^Golden file cases\.json: .*\.$/),
    });
    await expect(read(document)).rejects.toThrow(what);
  });

  it("says in one line what is wrong with a name of several", async () => {
    const broken = { cases: [{ inputs: { "a\nb\u0007": 1 } }] };
    await expect(read(broken)).rejects.toThrow("cases[0].inputs.a b must be an object.");
  });

  it("says that a file is missing", async () => {
    await expect(readCases("/nowhere.json", "Golden file")).rejects.toMatchObject({
      code: "not-found",
    });
  });
});

describe("readCases of .npz", () => {
  const readNpz = (arrays: Record<string, FixtureArray>, level?: 9) =>
    read(npz(arrays, level), "cases.npz");

  it("takes an archive of plain names as one case", async () => {
    const arrays = {
      x: floats([1, 2], 0.5, -1),
      "inputs/label": integers([], 7n),
      "outputs/y": floats([1], 3),
      label: letters([], "a"),
    };
    expect(await readNpz(arrays)).toEqual([
      {
        inputs: [tensor("x", "float32", [1, 2], [0.5, -1]), tensor("label", "int64", [], [7])],
        outputs: [tensor("y", "float32", [1], [3])],
        label: "a",
      },
    ]);
  });

  it("takes numbers before names as cases, in their order, compressed or not", async () => {
    const arrays = {
      "10/x": floats([1], 10),
      "2/x": floats([1], 2),
      "2/outputs/y": floats([1], 4),
      "2/label": integers([2], 5n, 6n),
    };
    for (const level of [undefined, 9] as const)
      expect(await readNpz(arrays, level)).toEqual([
        {
          inputs: [tensor("x", "float32", [1], [2])],
          outputs: [tensor("y", "float32", [1], [4])],
          label: [5, 6],
        },
        { inputs: [tensor("x", "float32", [1], [10])] },
      ]);
  });

  it("takes a batch apart where it has labels, one for each case", async () => {
    const arrays = {
      x: floats([2, 2], 1, 2, 3, 4),
      "outputs/y": floats([2], 5, 6),
      labels: letters([2], "ab"),
    };
    expect(await readNpz(arrays)).toEqual([
      {
        inputs: [tensor("x", "float32", [1, 2], [1, 2])],
        outputs: [tensor("y", "float32", [1], [5])],
        label: "a",
      },
      {
        inputs: [tensor("x", "float32", [1, 2], [3, 4])],
        outputs: [tensor("y", "float32", [1], [6])],
        label: "b",
      },
    ]);
  });

  it("takes rows of labels as lists of numbers", async () => {
    const arrays = { x: floats([2], 1, 2), labels: integers([2, 3], 1n, 2n, 3n, 4n, 5n, 6n) };
    const labels = (await readNpz(arrays)).map(({ label }) => label);
    expect(labels).toEqual([
      [1, 2, 3],
      [4, 5, 6],
    ]);
  });

  it.each([
    [{}, "no cases"],
    [{ x: floats([0]), labels: integers([0]) }, "no cases"],
    [{ x: floats([1], 1), "0/x": floats([1], 1) }, "the number of a case"],
    [{ "00/x": floats([1], 1), "0/x": floats([1], 1) }, "the number of a case"],
    [{ x: floats([1], 1), "inputs/x": floats([1], 1) }, "there twice"],
    [{ x: letters([1], "a") }, "only labels"],
    [{ x: floats([3], 1, 2, 3), labels: integers([2], 1n, 2n) }, 'array "x" must hold 2 cases'],
    [{ x: floats([], 1), labels: integers([2], 1n, 2n) }, 'array "x" must hold 2 cases'],
    [{ label: letters([2], "ab") }, "labels must be"],
    [{ label: floats([], Number.NaN) }, "finite"],
    [{ labels: integers([], 1n) }, "labels must be"],
    [{ label: integers([], 1n), labels: integers([1], 1n) }, '"label" is for one'],
    [{ x: { ...floats([2], 1), shape: [2] } }, "8 bytes of elements"],
  ])("says what is wrong with arrays %#", async (arrays: Record<string, FixtureArray>, what) => {
    await expect(readNpz(arrays)).rejects.toMatchObject({
      code: "options-invalid",
      message: expect.stringContaining(what),
    });
  });

  it("refuses what is no archive, though it is called one", async () => {
    await expect(read("[]", "cases.npz")).rejects.toThrow("not an archive");
  });
});

import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { encodeStrings } from "@selvedge/protocol";
import { describe, expect, it } from "vitest";
import { readGoldenFile } from "./golden-file.ts";
import { temporaryFolder } from "./onnx-model.fixture.ts";

async function read(document: unknown) {
  const path = join(await temporaryFolder(), "golden.json");
  await writeFile(path, typeof document === "string" ? document : JSON.stringify(document));
  return await readGoldenFile(path);
}
const withTensor = (tensor: unknown) => ({ cases: [{ inputs: { x: tensor } }] });

describe("readGoldenFile", () => {
  it("reads tensors of floats, 64-bit integers and booleans", async () => {
    const [inputs] = await read({
      cases: [
        {
          inputs: {
            x: { type: "float32", dims: [1, 2], data: [0.5, -1] },
            sr: { type: "int64", dims: [], data: [16000] },
            flag: { type: "bool", dims: [1], data: [1] },
          },
        },
      ],
    });
    expect(inputs).toEqual([
      tensor("x", "float32", [1, 2], Float32Array.of(0.5, -1)),
      tensor("sr", "int64", [], BigInt64Array.of(16000n)),
      tensor("flag", "bool", [1], Uint8Array.of(1)),
    ]);
  });

  it("reads tensors of float16 and of strings", async () => {
    const [inputs] = await read({
      cases: [
        {
          inputs: {
            x: { type: "float16", dims: [2], data: [1, -0.5] },
            words: { type: "string", dims: [1, 2], data: ["a", ""] },
          },
        },
      ],
    });
    expect(inputs).toEqual([
      tensor("x", "float16", [2], Uint16Array.of(0x3c00, 0xb800)),
      tensor("words", "string", [1, 2], encodeStrings(["a", ""])),
    ]);
  });

  it.each([
    ["{", "not JSON"],
    [[], '"cases"'],
    [{ cases: [] }, '"cases"'],
    [{ cases: [{}] }, "cases[0].inputs"],
    [withTensor(3), "cases[0].inputs.x"],
    [withTensor({ type: "float8", dims: [], data: [1] }), "type"],
    [withTensor({ type: "float32", dims: [-1], data: [1] }), "dims"],
    [withTensor({ type: "float32", dims: [1], data: ["1"] }), "data"],
    [withTensor({ type: "float32", dims: [2], data: [1] }), "2 numbers"],
    [withTensor({ type: "string", dims: [1], data: [1] }), "strings"],
    [withTensor({ type: "string", dims: [2], data: ["a"] }), "2 strings"],
    [withTensor({ type: "int32", dims: [1], data: [0.5] }), "whole numbers"],
  ])("says what is wrong with %j", async (document, what) => {
    await expect(read(document)).rejects.toMatchObject({
      code: "options-invalid",
      message: expect.stringContaining(what),
    });
  });

  it("says that a file is missing", async () => {
    await expect(readGoldenFile("/nowhere.json")).rejects.toMatchObject({ code: "not-found" });
  });
});

function tensor(name: string, dtype: string, dims: number[], data: ArrayBufferView<ArrayBuffer>) {
  return { name, dtype, dims, bytes: new Uint8Array(data.buffer) };
}

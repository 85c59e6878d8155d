import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readDims } from "./read-dims.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "selvedge-dims-"));
});
afterEach(() => rm(folder, { recursive: true }));

async function read(text: string) {
  await writeFile(join(folder, "dims.json"), text);
  return await readDims(join(folder, "dims.json"));
}

test("dims are read by model and input", async () => {
  const dims = await read(
    '{"ocr-rec": [{"x": [1, 3, 48, 812]}, {"x": [2, 3, 48, 7]}], "other": []}',
  );
  expect({ ...dims }).toEqual({
    "ocr-rec": [{ x: [1, 3, 48, 812] }, { x: [2, 3, 48, 7] }],
    other: [],
  });
});

test.each([
  ["{", "expected JSON"],
  ["[]", "expected an object"],
  ['{"m": {"x": [1]}}', "m: expected a list"],
  ['{"m": [{"x": [1, -1]}]}', "m[0].x[1]: expected a whole number"],
  ['{"m": [{"x": [1.5]}]}', "m[0].x[0]: expected a whole number"],
  ['{"m": [{"x": [65536, 65536]}]}', "m[0].x: expected a smaller tensor"],
])("%s is refused", async (text, message) => {
  await expect(read(text)).rejects.toMatchObject({
    code: "options-invalid",
    message: expect.stringContaining(message),
  });
});

test("a file that is not there is named", async () => {
  await expect(readDims(join(folder, "none.json"))).rejects.toMatchObject({
    code: "not-found",
    message: expect.stringContaining("none.json"),
  });
});

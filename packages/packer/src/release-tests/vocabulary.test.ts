import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { temporaryFolder } from "../onnx/onnx-model.fixture.ts";
import { readVocabulary } from "./vocabulary.ts";

async function file(content: string | Uint8Array): Promise<string> {
  const path = join(await temporaryFolder(), "vocabulary.txt");
  await writeFile(path, content);
  return path;
}

describe("a vocabulary", () => {
  test.each(["\na\n \n", "\r\na\r\n \r\n", "\na\n "])(
    "keeps the blank's empty line, and a space for a character (%j)",
    async (content) => {
      expect(await readVocabulary(await file(content))).toEqual(["", "a", " "]);
    },
  );

  test.each([
    ["cat\n", "a line for each class"],
    ["", "a line for each class"],
    [Uint8Array.of(0xff, 0xfe, 10, 10, 10), "not UTF-8"],
  ])("is refused where it is %j", async (content, why) => {
    await expect(readVocabulary(await file(content))).rejects.toMatchObject({
      code: "options-invalid",
      message: expect.stringContaining(why),
    });
  });

  test("that is missing is said to be", async () => {
    await expect(readVocabulary("/nowhere.txt")).rejects.toMatchObject({ code: "not-found" });
  });
});

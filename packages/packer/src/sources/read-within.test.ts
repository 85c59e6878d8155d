import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { temporaryFolder } from "../onnx/onnx-model.fixture.ts";
import { readTextWithin } from "./read-within.ts";

describe("readTextWithin", () => {
  let outside: string;
  let folder: string;

  beforeEach(async () => {
    outside = await temporaryFolder();
    folder = join(outside, "model");
    await mkdir(join(folder, "inner"), { recursive: true });
    await writeFile(join(outside, "secret.txt"), "secret");
    await writeFile(join(folder, "inner/words.txt"), "words");
  });

  it("reads a file, and one that a link within the folder leads to", async () => {
    await symlink(join(folder, "inner/words.txt"), join(folder, "link.txt"));
    for (const name of ["inner/words.txt", "./inner/../inner/words.txt", "link.txt"])
      expect(await readTextWithin(folder, name, 5)).toBe("words");
  });

  it("never reads outside the folder", async () => {
    await symlink(join(outside, "secret.txt"), join(folder, "link.txt"));
    await symlink(outside, join(folder, "up"));
    const ways = ["../secret.txt", join(outside, "secret.txt"), "link.txt", "up/secret.txt", "."];
    for (const name of [...ways, "../missing.txt", ""])
      await expect(readTextWithin(folder, name, 100), name).rejects.toMatchObject({
        code: "model-unsupported",
      });
  });

  it("refuses what is missing, no file, or larger than may be read", async () => {
    for (const name of ["gone.txt", "inner", "inner/words.txt"])
      await expect(readTextWithin(folder, name, 4), name).rejects.toMatchObject({
        code: "model-invalid",
        message: expect.stringContaining(`"${name}"`),
      });
  });
});

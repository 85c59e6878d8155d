import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../onnx/onnx-model.fixture.ts";
import { writeAtomically } from "./write-atomically.ts";

describe("writeAtomically", () => {
  it("makes the folders it needs and leaves nothing else in them", async () => {
    const folder = join(await temporaryFolder(), "a/b");
    await writeAtomically(join(folder, "file"), "text");
    expect(await readdir(folder)).toEqual(["file"]);
    expect(await readFile(join(folder, "file"), "utf8")).toBe("text");
  });

  it("replaces a file", async () => {
    const file = join(await temporaryFolder(), "file");
    await writeFile(file, "old and longer");
    await writeAtomically(file, new Uint8Array([110, 101, 119]));
    expect(await readFile(file, "utf8")).toBe("new");
  });

  it("cleans up after itself when it fails", async () => {
    const folder = await temporaryFolder();
    await mkdir(join(folder, "taken/by-a-folder"), { recursive: true });
    await expect(writeAtomically(join(folder, "taken"), "text")).rejects.toMatchObject({
      code: "registry-invalid",
    });
    expect(await readdir(folder)).toEqual(["taken"]);
  });

  it("says so where a folder's place is taken by a file", async () => {
    const file = join(await temporaryFolder(), "file");
    await writeFile(file, "");
    await expect(writeAtomically(join(file, "m/channels.json"), "")).rejects.toMatchObject({
      code: "registry-invalid",
    });
  });
});

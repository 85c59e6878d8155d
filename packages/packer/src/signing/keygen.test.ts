import { mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { keyId, parsePrivateJwk, parsePublicJwk, parseRoot } from "@selvedge/protocol";
import { beforeEach, describe, expect, it } from "vitest";
import { temporaryFolder } from "../onnx/onnx-model.fixture.ts";
import { contentsOf } from "../registry/files.fixture.ts";
import { keygen } from "./keygen.ts";

describe("keygen", () => {
  let out: string;
  const text = (name: string) => readFile(join(out, name), "utf8");

  beforeEach(async () => {
    out = join(await temporaryFolder(), "keys");
  });

  it("makes a key for each role, and a root document that says which is which", async () => {
    const { files, root, keys } = await keygen({ out });
    expect(files.map((file) => file.slice(out.length + 1)).sort()).toEqual([
      "channel.key.json",
      "channel.pub.json",
      "pack.key.json",
      "pack.pub.json",
      "root.json",
      "root.key.json",
    ]);
    const document = await parseRoot(await text("root.json"));
    expect(root).toEqual({ file: join(out, "root.json"), version: 1, expires: document.expires });
    for (const role of ["pack", "channel"] as const) {
      const half = parsePublicJwk(await text(`${role}.pub.json`));
      expect(document.roles[role]).toEqual({ keys: [half], threshold: 1 });
      expect(keys[role]).toEqual([await keyId(half)]);
      expect(await keyId(parsePrivateJwk(await text(`${role}.key.json`)))).toBe(keys[role][0]);
    }
    expect(new Set(Object.values(keys).flat()).size).toBe(3);
  });

  it.skipIf(process.platform === "win32")("lets only their owner read private keys", async () => {
    const { files } = await keygen({ out });
    for (const file of files)
      expect([file, ((await stat(file)).mode & 0o077) === 0]).toEqual([
        file,
        file.endsWith(".key.json"),
      ]);
  });

  it("never overwrites a key, whichever of the files is there", async () => {
    await keygen({ out });
    const before = await contentsOf(out);
    await expect(keygen({ out })).rejects.toMatchObject({
      code: "key-invalid",
      message: expect.stringMatching(/root\.key\.json is there already/),
    });
    expect(await contentsOf(out)).toEqual(before);
    const other = await temporaryFolder();
    await writeFile(join(other, "channel.pub.json"), "mine");
    await expect(keygen({ out: other })).rejects.toMatchObject({ code: "key-invalid" });
    expect((await contentsOf(other)).map(([path]) => path)).toEqual([
      join(other, "channel.pub.json"),
    ]);
  });

  it("says in one line that the folder cannot be written", async () => {
    const file = join(await temporaryFolder(), "file");
    await writeFile(file, "");
    await expect(keygen({ out: join(file, "keys") })).rejects.toMatchObject({
      code: "key-invalid",
      message: expect.stringMatching(/^[^\n]*could not be written \(ENOTDIR\)[^\n]*$/),
    });
    await expect(keygen({ out: file })).rejects.toThrow("could not be written (EEXIST)");
    await mkdir(join(out, "root.json"), { recursive: true });
    await expect(keygen({ out })).rejects.toMatchObject({ code: "key-invalid" });
    expect(await contentsOf(out)).toEqual([]);
  });
});

import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { RUNTIME_FILES } from "selvedge/runtime-files";
import { beforeEach, describe, expect, it } from "vitest";
import { copyAssets } from "./copy-assets.ts";

describe("copyAssets", () => {
  let folder: string;
  const origins = () => ({
    selvedge: join(folder, "selvedge"),
    "onnxruntime-web": join(folder, "onnxruntime-web"),
  });
  const names = RUNTIME_FILES.map(({ file }) => file).sort();
  const out = () => join(folder, "out");
  const folderOf = new Map(RUNTIME_FILES.map(({ folder, file }) => [file, folder]));
  const target = (file: string) => join(out(), folderOf.get(file.replace(/\.gz$/, "")) ?? "", file);

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "selvedge-assets-"));
    for (const { file, from } of RUNTIME_FILES) {
      await mkdir(origins()[from], { recursive: true });
      await writeFile(join(origins()[from], file), `bytes of ${file}`);
    }
  });

  it("copies every file of each runtime into a folder named after its version", async () => {
    const { folders, copied, kept } = await copyAssets(out(), origins());
    expect(folders).toEqual([...new Set(folderOf.values())].map((name) => join(out(), name)));
    expect(folders).toHaveLength(2);
    expect([...copied].sort()).toEqual(names);
    expect(kept).toEqual([]);
    const packed = names.filter((name) => name.endsWith(".wasm")).map((name) => `${name}.gz`);
    const written = await Promise.all(folders.map((folder) => readdir(folder)));
    expect(written.flat().sort()).toEqual([...names, ...packed].sort());
    for (const name of names) expect(await readFile(target(name), "utf8")).toBe(`bytes of ${name}`);
  });

  it("leaves alone what is there, and mends what differs", async () => {
    await copyAssets(out(), origins());
    const [first = "", second = "", third = ""] = names;
    const before = await stat(target(first));
    await writeFile(target(second), `bytes of ${second}`.replace("bytes", "BYTES"));
    await rm(target(third));
    const { copied } = await copyAssets(out(), origins());
    expect([...copied].sort()).toEqual([second, third].sort());
    expect((await stat(target(first))).mtimeMs).toBe(before.mtimeMs);
    expect(await readFile(target(second), "utf8")).toBe(`bytes of ${second}`);
  });

  it("puts beside each wasm what it is when packed, anew where the wasm is", async () => {
    const wasm = names.find((name) => name.endsWith(".wasm")) ?? "";
    const unpacked = async () => gunzipSync(await readFile(target(`${wasm}.gz`))).toString();
    await copyAssets(out(), origins());
    expect(await unpacked()).toBe(`bytes of ${wasm}`);
    await writeFile(join(origins()["onnxruntime-web"], wasm), "newer bytes");
    await copyAssets(out(), origins());
    expect(await unpacked()).toBe("newer bytes");
    await rm(target(`${wasm}.gz`));
    await copyAssets(out(), origins());
    expect(await unpacked()).toBe("newer bytes");
  });

  it("says what to do where a file has not been built", async () => {
    await rm(origins().selvedge, { recursive: true });
    await expect(copyAssets(out(), origins())).rejects.toMatchObject({
      code: "not-found",
      message: expect.stringContaining("npm run build"),
    });
  });
});

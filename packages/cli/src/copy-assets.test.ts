import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { parseRuntimeIndex, RUNTIME_INDEX, sha256 } from "@selvedge/protocol";
import { RUNTIME_BUILDS, RUNTIME_FILES, RUNTIME_FOLDER } from "selvedge/runtime-files";
import { beforeEach, describe, expect, it } from "vitest";
import { copyAssets } from "./copy-assets.ts";
import { packageFolder } from "./package-folder.ts";

describe("copyAssets", () => {
  let folder: string;
  const origins = () => ({
    selvedge: join(folder, "selvedge"),
    "onnxruntime-web": join(folder, "onnxruntime-web"),
  });
  const names = [...RUNTIME_FILES.map(({ file }) => file), RUNTIME_INDEX].sort();
  const out = () => join(folder, "out");
  const folderOf = new Map([
    ...RUNTIME_FILES.map(({ folder, file }) => [file, folder] as const),
    [RUNTIME_INDEX, RUNTIME_FOLDER] as const,
  ]);
  const target = (file: string) => join(out(), folderOf.get(file.replace(/\.gz$/, "")) ?? "", file);

  const reference = async (file: string) => {
    const bytes = await readFile(target(file));
    return { file, bytes: bytes.byteLength, sha256: await sha256(bytes) };
  };

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
    for (const name of names)
      if (name !== RUNTIME_INDEX)
        expect(await readFile(target(name), "utf8")).toBe(`bytes of ${name}`);
  });

  it("says in the index what was copied, and why it cannot be woken where it cannot", async () => {
    const { index } = await copyAssets(out(), origins());
    expect(parseRuntimeIndex(await readFile(target(RUNTIME_INDEX), "utf8"))).toEqual(index);
    const { glue, wasm } = RUNTIME_BUILDS.wasm;
    expect(index.glue).toEqual(await reference(glue));
    expect(index.full).toEqual(await reference(wasm));
    expect([index.waking, index.reason]).toEqual([undefined, "this is no wasm"]);
  });

  it("exports the globals of the installed runtime, and says how it is woken", async () => {
    const { glue, wasm } = RUNTIME_BUILDS.wasm;
    const installed = join(packageFolder("onnxruntime-web", import.meta.url), "dist");
    for (const file of [glue, wasm])
      await copyFile(join(installed, file), join(origins()["onnxruntime-web"], file));
    const { index, copied } = await copyAssets(out(), origins());
    const bytes = await readFile(target(wasm));
    expect(index.full).toEqual(await reference(wasm));
    expect(gunzipSync(await readFile(target(`${wasm}.gz`))).equals(bytes)).toBe(true);
    const exported = WebAssembly.Module.exports(await WebAssembly.compile(bytes))
      .filter(({ kind }) => kind === "global")
      .map(({ name }) => name);
    expect(index.reason).toBeUndefined();
    expect(exported.length).toBeGreaterThan(0);
    expect(index.waking?.globals).toEqual(exported);
    expect([...copied].sort()).toEqual(names);
    expect((await copyAssets(out(), origins())).kept).toHaveLength(names.length);
  });

  it("keeps what was fitted to the runtime, unless that is another or the file is damaged", async () => {
    const { index } = await copyAssets(out(), origins());
    const fittedTo = async (parent: string) => {
      const file = "ort.load-1.wasm";
      await writeFile(target(RUNTIME_INDEX).replace(RUNTIME_INDEX, file), "fitted");
      const bytes = new TextEncoder().encode("fitted");
      const load = { file, bytes: 6, sha256: await sha256(bytes), parent, packs: [], functions: 1 };
      await writeFile(target(RUNTIME_INDEX), JSON.stringify({ ...index, load }));
      return load;
    };
    const load = await fittedTo(index.full.sha256);
    expect((await copyAssets(out(), origins())).index).toEqual({ ...index, load });
    await writeFile(target(RUNTIME_INDEX).replace(RUNTIME_INDEX, load.file), "FITTED");
    expect((await copyAssets(out(), origins())).index).toEqual(index);
    await fittedTo("0".repeat(64));
    expect((await copyAssets(out(), origins())).index).toEqual(index);
    await writeFile(target(RUNTIME_INDEX), "{");
    expect((await copyAssets(out(), origins())).index).toEqual(index);
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
    const { wasm } = RUNTIME_BUILDS.wasm;
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

import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { manifestWithReference } from "../fixtures/sample-telemetry.ts";
import { createManifestReader } from "./read-manifest.ts";

let folder: string;
let registryDir: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "selvedge-manifests-"));
  registryDir = join(folder, "registry");
  await write("rec", "1.0.0", manifestWithReference([1, 2]));
});
afterAll(() => rm(folder, { recursive: true }));

async function write(model: string, version: string, text: string): Promise<void> {
  await mkdir(join(registryDir, model, version), { recursive: true });
  await writeFile(join(registryDir, model, version, "manifest.json"), text);
}

test("finds what the registry has, and says by which digest it goes", async () => {
  const read = createManifestReader(registryDir);
  const served = await read("rec", "1.0.0");
  expect(served?.manifest.reference?.features[0]?.edges).toEqual([1, 2]);
  expect(served?.digest).toMatch(/^[0-9a-f]{64}$/);
  expect(await read("rec", "1.0.0")).toBe(served);
});

test("reads a manifest again when its file changes", async () => {
  const read = createManifestReader(registryDir);
  await write("new", "1.0.0", "{}");
  await expect(read("new", "1.0.0")).rejects.toMatchObject({ code: "manifest-invalid" });
  await write("new", "1.0.0", manifestWithReference([1]).replace('"rec"', '"new"'));
  expect((await read("new", "1.0.0"))?.manifest.name).toBe("new");
});

test("has nothing to say of what is not there", async () => {
  const read = createManifestReader(registryDir);
  expect(await read("rec", "2.0.0")).toBeUndefined();
  expect(await read("other", "1.0.0")).toBeUndefined();
  expect(await createManifestReader(join(folder, "nowhere"))("rec", "1.0.0")).toBeUndefined();
});

test.each([
  ["..", "1.0.0"],
  ["rec", ".."],
  ["rec/..", "1.0.0"],
  ["rec", "../rec/1.0.0"],
  ["rec", "1.0.0\0"],
])("reaches nothing outside of the registry: %j, %j", async (model, version) => {
  expect(await createManifestReader(registryDir)(model, version)).toBeUndefined();
});

test("follows no link that leads out of the registry", async () => {
  await mkdir(join(folder, "outside"));
  await writeFile(join(folder, "outside", "manifest.json"), manifestWithReference([1]));
  await symlink(join(folder, "outside"), join(registryDir, "rec", "linked"));
  expect(await createManifestReader(registryDir)("rec", "linked")).toBeUndefined();
});

test("refuses a manifest that is another version's, or too large", async () => {
  const read = createManifestReader(registryDir);
  await write("rec", "1.1.0", manifestWithReference([1]));
  await expect(read("rec", "1.1.0")).rejects.toThrow(/says it is rec@1\.0\.0/);
  await write("rec", "huge", " ".repeat(1024 * 1024 + 1));
  await expect(read("rec", "huge")).rejects.toThrow(/larger/);
});

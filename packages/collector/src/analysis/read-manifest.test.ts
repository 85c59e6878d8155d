import { createHash, generateKeyPairSync } from "node:crypto";
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  createSigner,
  encodeModelSignature,
  encodeModelStatement,
  encodeRoot,
  keyId,
  type PrivateJwk,
  parseManifest,
  parsePrivateJwk,
  publicHalf,
  signEnvelope,
  type TrustAnchors,
} from "@selvedge/protocol";
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

function newKey(): PrivateJwk {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return parsePrivateJwk(JSON.stringify(privateKey.export({ format: "jwk" })));
}

/** Signs the manifest of a version, as `selvedge pack` does. */
async function sign(model: string, version: string, jwk: PrivateJwk): Promise<void> {
  const folder = join(registryDir, model, version);
  const text = await readFile(join(folder, "manifest.json"), "utf8");
  const digest = createHash("sha256").update(text).digest("hex");
  const statement = await encodeModelStatement({ manifest: parseManifest(text), digest });
  const envelope = await signEnvelope(statement, await createSigner(jwk));
  await writeFile(join(folder, "manifest.sig"), encodeModelSignature(envelope, "ab".repeat(32)));
}

const anchorsFor = (jwk: PrivateJwk): TrustAnchors => {
  const keys = { keys: [publicHalf(jwk)] };
  return { kind: "keys", pack: keys, channel: keys };
};

test("without keys nothing is said of signatures", async () => {
  expect((await createManifestReader(registryDir)("rec", "1.0.0"))?.signedBy).toBeNull();
});

test("with keys a manifest is that of whoever signed it, and changed, unsigned or by another it is refused", async () => {
  const [mine, other] = [newKey(), newKey()];
  await write("rec", "4.0.0", manifestWithReference([1]).replace("1.0.0", "4.0.0"));
  const read = createManifestReader(registryDir, anchorsFor(mine));
  const refused = expect.objectContaining({ code: "signature-invalid" });
  await expect(read("rec", "4.0.0")).rejects.toEqual(refused);
  await sign("rec", "4.0.0", other);
  await expect(read("rec", "4.0.0")).rejects.toEqual(refused);
  await sign("rec", "4.0.0", mine);
  expect((await read("rec", "4.0.0"))?.signedBy).toEqual([await keyId(mine)]);
  await write("rec", "4.0.0", manifestWithReference([2]).replace("1.0.0", "4.0.0"));
  await expect(read("rec", "4.0.0")).rejects.toEqual(refused);
});

test("keys of a root document are those of the newest that follows from it", async () => {
  const [root, first, second, channel] = [newKey(), newKey(), newKey(), newKey()];
  const documentOf = async (version: number, pack: PrivateJwk, expires: string) => {
    const role = (jwk: PrivateJwk) => ({ keys: [publicHalf(jwk)], threshold: 1 });
    const roles = { root: role(root), pack: role(pack), channel: role(channel) };
    return JSON.stringify(
      await signEnvelope(encodeRoot({ version, expires, roles }), await createSigner(root)),
    );
  };
  const later = "2030-01-01T00:00:00Z";
  const text = await documentOf(1, first, later);
  await write("rec", "5.0.0", manifestWithReference([1]).replace("1.0.0", "5.0.0"));
  await sign("rec", "5.0.0", second);
  const now = () => Date.UTC(2026, 0, 1);
  const read = createManifestReader(registryDir, { kind: "root", text }, now);
  await expect(read("rec", "5.0.0")).rejects.toMatchObject({ code: "signature-invalid" });
  await writeFile(join(registryDir, "root.json"), await documentOf(2, second, later));
  expect((await read("rec", "5.0.0"))?.signedBy).toEqual([await keyId(second)]);
  await sign("rec", "1.0.0", second);
  await writeFile(
    join(registryDir, "root.json"),
    await documentOf(3, second, "2025-01-01T00:00:00Z"),
  );
  await expect(read("rec", "1.0.0")).rejects.toMatchObject({ code: "root-invalid" });
});

import { copyFile, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { addModel, filled, modelFile, temporaryFolder } from "../onnx/onnx-model.fixture.ts";
import { pack } from "../pack.ts";
import type { PackOptions } from "../pack-options.ts";
import { contentsOf } from "../registry/files.fixture.ts";
import { verify } from "../verify/verify.ts";
import { keygen } from "./keygen.ts";

describe("pack with a key", () => {
  let [registry, keys, others] = ["", "", ""];
  let model: string;
  const packing = (more: Partial<PackOptions> = {}) =>
    pack({ model, name: "m", version: "1.0.0", registry, ...more });
  const key = () => join(keys, "pack.key.json");
  const signature = () => join(registry, "m/1.0.0/manifest.sig");
  const problemsWith = async (folder = keys) => {
    const trusted = { key: join(folder, "pack.pub.json") };
    return (await verify({ name: "m", registry, ...trusted })).problems;
  };

  beforeEach(async () => {
    registry = join(await temporaryFolder(), "registry");
    [keys, others] = [await temporaryFolder(), await temporaryFolder()];
    await keygen({ out: keys });
    await keygen({ out: others });
    model = await modelFile(addModel());
  });

  it("signs the version, and leaves it untouched the second time", async () => {
    expect(await packing({ key: key() })).toMatchObject({
      outcome: "written",
      signature: "written",
    });
    expect(await problemsWith()).toEqual([]);
    const before = await contentsOf(registry);
    expect(await packing({ key: key() })).toMatchObject({
      outcome: "unchanged",
      signature: "unchanged",
    });
    expect(await packing()).not.toHaveProperty("signature");
    expect(await contentsOf(registry)).toEqual(before);
  });

  it("changes no byte of a version by signing it", async () => {
    const { digest } = await packing();
    const before = await contentsOf(registry);
    expect(await packing({ key: key() })).toMatchObject({
      digest,
      outcome: "unchanged",
      signature: "written",
    });
    const after = await contentsOf(registry);
    expect(after.filter(([path]) => path !== signature())).toEqual(before);
  });

  it("signs anew with another key, and mends a signature that does not hold", async () => {
    await packing({ key: key() });
    await packing({ key: join(others, "pack.key.json") });
    expect(await problemsWith(others)).toEqual([]);
    expect(await problemsWith()).toHaveLength(1);
    await writeFile(signature(), "<html>");
    expect(await packing({ key: key() })).toMatchObject({ signature: "written" });
    expect(await problemsWith()).toEqual([]);
  });

  it("leaves the registry as it was where the key cannot sign, or the version has other bytes", async () => {
    for (const wrong of ["pack.pub.json", "root.json", "gone.json"])
      await expect(packing({ key: join(keys, wrong) })).rejects.toMatchObject({
        code: "key-invalid",
      });
    expect(await contentsOf(registry)).toEqual([]);
    await packing({ key: key() });
    const before = await contentsOf(registry);
    model = await modelFile(addModel(filled("w", 512, 0.25)));
    await expect(packing({ key: key() })).rejects.toMatchObject({ code: "version-exists" });
    expect(await contentsOf(registry)).toEqual(before);
  });

  describe("verify", () => {
    const only = async (says: RegExp) =>
      expect(await problemsWith()).toEqual([
        {
          part: "signature",
          version: "1.0.0",
          message: expect.stringMatching(says),
        },
      ]);

    it("says that a version is not signed, or signed with another key", async () => {
      await packing();
      await only(/^m\/1\.0\.0\/manifest\.sig: missing\. [^\n]*$/);
      await packing({ key: join(others, "pack.key.json") });
      await only(/^m\/1\.0\.0\/manifest\.sig: no valid signature by [0-9a-f]{12}\. [^\n]*$/);
      await packing({ key: join(keys, "channel.key.json") });
      await only(/no valid signature/);
    });

    it("refuses a signature file that is damaged, in one line", async () => {
      await packing({ key: key() });
      const text = await readFile(signature(), "utf8");
      const bundle = JSON.parse(text);
      const sig = Buffer.from(bundle.dsseEnvelope.signatures[0].sig, "base64");
      bundle.dsseEnvelope.signatures[0].sig = Buffer.concat([sig, Buffer.from([0])]).toString(
        "base64",
      );
      for (const spoilt of ["", "<!doctype html>", text.slice(0, 200), JSON.stringify(bundle)]) {
        await writeFile(signature(), spoilt);
        await only(/^m\/1\.0\.0\/manifest\.sig: [^\n]*$/);
      }
    });

    it("notices a signature that was moved here from another version", async () => {
      await packing({ key: key() });
      const other = await modelFile(addModel(filled("w", 512, 0.25)));
      await packing({ model: other, version: "2.0.0", key: key() });
      await copyFile(join(registry, "m/2.0.0/manifest.sig"), signature());
      await only(/does not speak of 1\.0\.0\/manifest\.json, but of 2\.0\.0\/manifest\.json/);
    });

    it("notices a manifest that was changed after it was signed", async () => {
      await packing({ key: key() });
      const manifest = join(registry, "m/1.0.0/manifest.json");
      await writeFile(manifest, `${await readFile(manifest, "utf8")} `);
      await only(/made for 1\.0\.0\/manifest\.json with digest/);
    });

    it("still says which bytes of which tensor are wrong", async () => {
      const { manifest } = await packing({ key: key() });
      const segment = join(registry, `m/segments/${manifest.segments[0]?.sha256}.bin`);
      const bytes = await readFile(segment);
      const { offset = 0 } = manifest.variants[0]?.tensors[0]?.at ?? {};
      bytes[offset] = (bytes[offset] ?? 0) ^ 1;
      await writeFile(segment, bytes);
      expect((await problemsWith()).map(({ part }) => part)).toEqual(["segment", "tensor"]);
    });

    it("looks at no signature where it was given no key", async () => {
      await packing({ key: key() });
      await rm(signature());
      expect((await verify({ name: "m", registry })).problems).toEqual([]);
    });

    it("throws for a key file that is none", async () => {
      await packing({ key: key() });
      const secret = verify({ name: "m", registry, key: key() });
      await expect(secret).rejects.toMatchObject({ code: "key-invalid" });
    });
  });
});

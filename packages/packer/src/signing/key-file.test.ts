import { createHash, generateKeyPairSync } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { temporaryFolder } from "../onnx/onnx-model.fixture.ts";
import { fingerprint, readPublicKey, readSigningKey } from "./key-file.ts";
import { keygen } from "./keygen.ts";

describe("key files", () => {
  let out: string;
  const file = (name: string) => join(out, name);

  beforeEach(async () => {
    out = await temporaryFolder();
    await keygen({ out });
  });

  it("reads both halves of a key", async () => {
    const { jwk } = await readSigningKey(file("pack.key.json"));
    expect(jwk).toEqual(await readPublicKey(file("pack.pub.json")));
  });

  it("gives the fingerprint that OpenSSF model signing asks for", async () => {
    const { publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    await writeFile(file("k.json"), JSON.stringify(publicKey.export({ format: "jwk" })));
    const pem = publicKey.export({ type: "spki", format: "pem" });
    expect(await fingerprint(await readPublicKey(file("k.json")))).toBe(
      createHash("sha256").update(pem).digest("hex"),
    );
  });

  it("refuses what is no such key in one line that names the file", async () => {
    const [pack, channel] = await Promise.all(
      ["pack", "channel"].map(async (role) =>
        JSON.parse(await readFile(file(`${role}.key.json`), "utf8")),
      ),
    );
    const p384 = generateKeyPairSync("ec", { namedCurve: "P-384" }).privateKey;
    const ed = generateKeyPairSync("ed25519").privateKey;
    const rsa = generateKeyPairSync("rsa", { modulusLength: 1024 }).privateKey;
    const mixed = { ...pack, d: channel.d };
    const wrong = [p384, ed, rsa].map((key) => JSON.stringify(key.export({ format: "jwk" })));
    const pem = String(p384.export({ type: "pkcs8", format: "pem" }));
    for (const text of [...wrong, JSON.stringify(mixed), pem, "", "<html>", "null", "[]"]) {
      await writeFile(file("bad.json"), text);
      await expect(readSigningKey(file("bad.json"))).rejects.toMatchObject({
        code: "key-invalid",
        message: expect.stringMatching(/^[^\n]*bad\.json: [^\n]*$/),
      });
    }
    await expect(readSigningKey(file("pack.pub.json"))).rejects.toThrow("expected a private key");
    await expect(readPublicKey(file("pack.key.json"))).rejects.toThrow("expected a public key");
    await expect(readPublicKey(file("gone.json"))).rejects.toMatchObject({ code: "key-invalid" });
    await expect(readSigningKey(out)).rejects.toThrow("EISDIR");
  });
});

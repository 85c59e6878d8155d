import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { type Envelope, seal } from "./envelope.ts";
import { newKey, trusting } from "./keys.fixture.ts";
import {
  encodeModelSignature,
  encodeModelStatement,
  type SignedPack,
  verifyModelSignature,
} from "./model-signature.ts";
import { createSigner, signEnvelope } from "./sign-envelope.ts";

const [key, other] = [newKey(), newKey()];
const digest = (digit: string) => digit.repeat(64);
const packOf = (version: string, manifest: string, segments: string[]): SignedPack => ({
  manifest: {
    name: "ocr-rec",
    version,
    segments: segments.map((sha256) => ({ sha256, bytes: 10 })),
  },
  digest: manifest,
});
const pack = packOf("1.0.0", digest("a"), [digest("c"), digest("b")]);

async function signature(envelope?: Envelope, by = key): Promise<string> {
  const statement = envelope ?? (await encodeModelStatement(pack));
  const signed = await signEnvelope(statement, await createSigner(by.jwk));
  return encodeModelSignature(signed, digest("f"));
}

const verifying = (text: string, of = pack) =>
  verifyModelSignature(text, { pack: of, trusted: trusting(key), document: "manifest.sig" });

test("the statement is what OpenSSF model signing says", async () => {
  const bundle = JSON.parse(await signature());
  expect(bundle).toMatchObject({
    mediaType: "application/vnd.dev.sigstore.bundle.v0.3+json",
    verificationMaterial: { publicKey: { hint: digest("f") } },
    dsseEnvelope: { payloadType: "application/vnd.in-toto+json" },
  });
  const root = createHash("sha256");
  for (const digit of ["a", "b", "c"]) root.update(digest(digit), "hex");
  expect(JSON.parse(Buffer.from(bundle.dsseEnvelope.payload, "base64").toString())).toEqual({
    _type: "https://in-toto.io/Statement/v1",
    subject: [{ name: "ocr-rec", digest: { sha256: root.digest("hex") } }],
    predicateType: "https://model_signing/signature/v1.0",
    predicate: {
      resources: [
        { name: "1.0.0/manifest.json", digest: digest("a"), algorithm: "sha256" },
        { name: `segments/${digest("b")}.bin`, digest: digest("b"), algorithm: "sha256" },
        { name: `segments/${digest("c")}.bin`, digest: digest("c"), algorithm: "sha256" },
      ],
      serialization: { method: "files", hash_type: "sha256", allow_symlinks: false },
    },
  });
});

test("a signature holds for its own pack, whatever the order of its segments", async () => {
  const turned = packOf("1.0.0", digest("a"), [digest("b"), digest("c")]);
  expect(await verifying(await signature())).toHaveLength(1);
  expect(await verifying(await signature(), turned)).toHaveLength(1);
});

test.each<[wrong: string, of: SignedPack, says: RegExp]>([
  [
    "another version",
    packOf("2.0.0", digest("a"), [digest("b"), digest("c")]),
    /does not speak of 2\.0\.0\/manifest\.json, but of 1\.0\.0\/manifest\.json/,
  ],
  [
    "a changed manifest",
    packOf("1.0.0", digest("9"), [digest("b"), digest("c")]),
    /made for 1\.0\.0/,
  ],
  ["a segment more", packOf("1.0.0", digest("a"), ["b", "c", "d"].map(digest)), /not speak of seg/],
  ["a segment less", packOf("1.0.0", digest("a"), [digest("b")]), /no part of ocr-rec@1\.0\.0/],
])("a signature does not hold for %s", async (_, of, says) => {
  await expect(verifying(await signature(), of)).rejects.toMatchObject({
    code: "signature-invalid",
    message: expect.stringMatching(says),
  });
});

test("another key's signature is refused before a word of it is believed", async () => {
  const nonsense = seal("application/vnd.in-toto+json", "nonsense");
  for (const text of [await signature(undefined, other), await signature(nonsense, other)])
    await expect(verifying(text)).rejects.toThrow("manifest.sig: no valid signature by");
});

const statement = (change: object) => async () => {
  const { payload } = await encodeModelStatement(pack);
  const plain = JSON.parse(Buffer.from(payload, "base64").toString());
  return signature(seal("application/vnd.in-toto+json", JSON.stringify({ ...plain, ...change })));
};
const resource = { name: "a", digest: digest("a"), algorithm: "sha256" };
const serialization = { method: "files" };

test.each<[wrong: string, says: string, text: () => Promise<string>]>([
  ["a web page", "got a web page", async () => "<html>"],
  ["half a file", "expected JSON", async () => (await signature()).slice(0, 100)],
  ["nothing", "expected JSON", async () => ""],
  ["a list", "expected an object", async () => "[]"],
  ["a bundle of another kind", "mediaType", async () => '{"mediaType":"x"}'],
  [
    "a channel document",
    "dsseEnvelope.payloadType",
    () => signature(seal("application/vnd.selvedge.channels+json", "{}")),
  ],
  ["another statement", "_type", statement({ _type: "x" })],
  ["another predicate", "predicateType", statement({ predicateType: "x" })],
  ["shards", "method", statement({ predicate: { serialization: { method: "file-shard-1" } } })],
  [
    "another digest",
    "algorithm",
    statement({ predicate: { serialization, resources: [{ ...resource, algorithm: "md5" }] } }),
  ],
  [
    "a file named twice",
    "once",
    statement({ predicate: { serialization, resources: [resource, resource] } }),
  ],
])("%s is refused in one line", async (_, says, text) => {
  await expect(verifying(await text())).rejects.toMatchObject({
    code: "signature-invalid",
    message: expect.stringMatching(new RegExp(`^manifest\\.sig: [^\n]*${says}[^\n]*$`)),
  });
});

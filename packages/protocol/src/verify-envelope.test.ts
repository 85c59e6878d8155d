import { createSign, createVerify, generateKeyPairSync } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type Envelope, seal } from "./envelope.ts";
import { keyId, parsePublicJwk } from "./jwk.ts";
import { newKey, trusting } from "./keys.fixture.ts";
import { preAuthEncoding } from "./pre-auth-encoding.ts";
import { createSigner, signEnvelope } from "./sign-envelope.ts";
import { verifyEnvelope } from "./verify-envelope.ts";

const key = newKey();
const other = newKey();
const signed = async (document: string, by = key) =>
  signEnvelope(seal("text/x", document), await createSigner(by.jwk));
const sigOf = ({ signatures }: Envelope) => Buffer.from(signatures[0]?.sig ?? "", "base64");
const refused = (why: string) => ({
  code: "signature-invalid",
  message: expect.stringMatching(new RegExp(`^note: [^\n]*${why}[^\n]*$`)),
});

test("what was signed is verified, in any script", async () => {
  const id = await keyId(key.jwk);
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: "binary" }), async (document) => {
      const envelope = await signed(document);
      expect(envelope.signatures[0]?.keyid).toBe(id);
      expect(await verifyEnvelope(envelope, trusting(other, key))).toEqual([id]);
    }),
    { numRuns: 30 },
  );
});

test("node verifies what was signed here, and what node signs is verified here", async () => {
  const envelope = await signed("hello");
  const message = preAuthEncoding("text/x", new TextEncoder().encode("hello"));
  const verify = createVerify("SHA256").update(message);
  expect(verify.verify(key.publicKey, sigOf(envelope))).toBe(true);
  const sig = createSign("SHA256").update(message).sign(key.privateKey, "base64");
  const theirs = { ...envelope, signatures: [{ sig }] };
  expect(await verifyEnvelope(theirs, trusting(key))).toHaveLength(1);
});

test("a signature made with openssl is verified", async () => {
  // printf 'DSSEv1 6 text/x 5 hello' | openssl dgst -sha256 -sign key.pem
  const jwk = parsePublicJwk(
    JSON.stringify({
      kty: "EC",
      crv: "P-256",
      x: "lbPBar39_tPjkrSfAXbco7LjCY03h2pihdCOLYT0tc8",
      y: "ZN-qqIq0hXzqqod2Dz2fkeh5gifBzZEU_h7xAJGrcxM",
    }),
  );
  const sig =
    "MEUCIEObiQmFPO/BPV9/F4m/vxtdekGd9Sr+XRuqYSgY7LGNAiEAspeeq50c6HWaBZq3kiG7Umh89yY2dnMdeo4LtwiHy7A=";
  const envelope = { ...seal("text/x", "hello"), signatures: [{ sig }] };
  expect(await verifyEnvelope(envelope, { keys: [jwk] })).toEqual([await keyId(jwk)]);
});

test("a flipped bit in type, payload or signature is caught", async () => {
  const envelope = await signed("a document of some length");
  const parts = {
    payloadType: envelope.payloadType,
    payload: envelope.payload,
    sig: envelope.signatures[0]?.sig ?? "",
  };
  const flips = fc
    .constantFrom(...(Object.keys(parts) as (keyof typeof parts)[]))
    .chain((part) => fc.tuple(fc.constant(part), fc.nat(parts[part].length - 1), fc.nat(6)));
  await fc.assert(
    fc.asyncProperty(flips, async ([part, at, bit]) => {
      const text = parts[part];
      const flipped =
        text.slice(0, at) +
        String.fromCharCode(text.charCodeAt(at) ^ (1 << bit)) +
        text.slice(at + 1);
      const spoilt = { ...parts };
      spoilt[part] = flipped;
      const { payloadType, payload, sig } = spoilt;
      const changed = { payloadType, payload, signatures: [{ sig }] };
      await expect(verifyEnvelope(changed, trusting(key))).rejects.toMatchObject({
        code: "signature-invalid",
      });
    }),
    { numRuns: 400 },
  );
});

test("another key, no signature, and one for a document of another type are refused", async () => {
  const envelope = await signed("x");
  await expect(verifyEnvelope(envelope, trusting(other), "note")).rejects.toMatchObject(
    refused("no valid signature by"),
  );
  await expect(verifyEnvelope(seal("text/x", "x"), trusting(key), "note")).rejects.toMatchObject(
    refused("not signed"),
  );
  const passedOff = { ...envelope, payloadType: "text/y" };
  await expect(verifyEnvelope(passedOff, trusting(key), "note")).rejects.toMatchObject(
    refused("no valid signature"),
  );
});

test("the same key twice is one signature, and a threshold wants as many keys", async () => {
  const [mine, theirs] = [await signed("x"), await signed("x", other)];
  const both = { ...mine, signatures: [...mine.signatures, ...theirs.signatures] };
  const twice = { ...mine, signatures: [...mine.signatures, ...(await signed("x")).signatures] };
  const two = { ...trusting(key, other), threshold: 2 };
  expect(await verifyEnvelope(both, two)).toHaveLength(2);
  await expect(verifyEnvelope(twice, two, "note")).rejects.toMatchObject(refused("2 of"));
  const doubled = { keys: [...trusting(key, key).keys], threshold: 2 };
  await expect(verifyEnvelope(mine, doubled, "note")).rejects.toMatchObject(refused("2 of"));
});

test("a threshold of nothing still wants a key", async () => {
  await expect(
    verifyEnvelope(await signed("x"), { keys: [], threshold: 0 }, "note"),
  ).rejects.toMatchObject(refused("no valid signature"));
});

test("DER with bytes after its end, and raw r‖s, are no signatures", async () => {
  const envelope = await signed("x");
  const der = sigOf(envelope);
  for (const wrong of [
    Buffer.concat([der, Buffer.from([0])]),
    der.subarray(0, -1),
    der.subarray(8),
  ])
    await expect(
      verifyEnvelope(
        { ...envelope, signatures: [{ sig: wrong.toString("base64") }] },
        trusting(key),
        "note",
      ),
    ).rejects.toMatchObject(refused("DER"));
});

test("more signatures than anyone needs are refused before they cost time", async () => {
  const envelope = await signed("x");
  const signatures = Array.from({ length: 17 }, () => ({ sig: "" }));
  await expect(
    verifyEnvelope({ ...envelope, signatures }, trusting(key), "note"),
  ).rejects.toMatchObject(refused("17 signatures"));
});

test("numbers that are no point of the curve are no key", async () => {
  const off = { ...trusting(key).keys[0], y: trusting(other).keys[0]?.y };
  const jwk = parsePublicJwk(JSON.stringify(off));
  await expect(verifyEnvelope(await signed("x"), { keys: [jwk] })).rejects.toMatchObject({
    code: "key-invalid",
  });
  await expect(createSigner({ ...jwk, d: key.jwk.d })).rejects.toMatchObject({
    code: "key-invalid",
  });
});

test("signing again leaves one signature, the new one", async () => {
  const envelope = await signEnvelope(await signed("x"), await createSigner(other.jwk));
  expect(envelope.signatures).toHaveLength(1);
  expect(await verifyEnvelope(envelope, trusting(other))).toHaveLength(1);
});

test("what other curves sign is refused", async () => {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-384" });
  const message = preAuthEncoding("text/x", new TextEncoder().encode("x"));
  const sig = createSign("SHA256").update(message).sign(privateKey, "base64");
  await expect(
    verifyEnvelope({ ...seal("text/x", "x"), signatures: [{ sig }] }, trusting(key), "note"),
  ).rejects.toMatchObject(refused("DER"));
});

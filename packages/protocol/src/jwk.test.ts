import { generateKeyPairSync } from "node:crypto";
import { expect, test } from "vitest";
import { keyId, parsePrivateJwk, parsePublicJwk, publicHalf } from "./jwk.ts";
import { newKey } from "./keys.fixture.ts";
import { SelvedgeError } from "./selvedge-error.ts";

/** The elliptic curve key of RFC 7517, appendix A.2. */
const example = {
  kty: "EC",
  crv: "P-256",
  x: "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
  y: "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
  d: "870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE",
  use: "enc",
  kid: "1",
};
const { d, ...half } = example;

function failureOf(read: () => unknown): SelvedgeError {
  try {
    read();
  } catch (error) {
    if (error instanceof SelvedgeError) return error;
    throw error;
  }
  throw new Error("accepted");
}

test("a key is read without what else its file says", () => {
  const { kty, crv, x, y } = example;
  expect(parsePublicJwk(JSON.stringify(half))).toEqual({ kty, crv, x, y });
  expect(parsePrivateJwk(JSON.stringify(example))).toEqual({ kty, crv, x, y, d });
  expect(publicHalf(parsePrivateJwk(JSON.stringify(example)))).toEqual({ kty, crv, x, y });
});

test("the id of a key is its RFC 7638 thumbprint", async () => {
  const known = Buffer.from("cn-I_WNMClehiVp51i_0VpOENW1upEerA8sEam5hn-s", "base64url");
  expect(await keyId(parsePublicJwk(JSON.stringify(half)))).toBe(known.toString("hex"));
  expect(await keyId(parsePrivateJwk(JSON.stringify(example)))).toBe(known.toString("hex"));
});

test.each<[wrong: string, change: object, says: string]>([
  ["RSA", { kty: "RSA" }, "kty"],
  ["a longer curve", { crv: "P-384" }, "crv: expected one of P-256"],
  ["no x", { x: undefined }, "x"],
  ["an x of 31 bytes", { x: half.x.slice(0, 42) }, "x: expected 32 bytes"],
  ["a y of 48 bytes", { y: "A".repeat(64) }, "y: expected 32 bytes"],
  ["a y written in a second way", { y: `${half.y.slice(0, 42)}N` }, "y: expected 32 bytes"],
])("%s is no key, public or private", (_, change, says) => {
  for (const read of [
    () => parsePublicJwk(JSON.stringify({ ...half, ...change }), "k.json"),
    () => parsePrivateJwk(JSON.stringify({ ...example, ...change }), "k.json"),
  ]) {
    const error = failureOf(read);
    expect(error.code).toBe("key-invalid");
    expect(error.message).toContain(`k.json: ${says}`);
  }
});

test("each half is refused where the other is wanted, and no message tells a secret", () => {
  const secrets = [
    failureOf(() => parsePublicJwk(JSON.stringify(example), "k.json")),
    failureOf(() => parsePrivateJwk(JSON.stringify({ ...example, d: `${d}AAAA` }), "k.json")),
    failureOf(() => parsePrivateJwk(`${d}`, "k.json")),
    failureOf(() =>
      parsePrivateJwk(`${newKey().privateKey.export({ type: "pkcs8", format: "pem" })}`, "k.json"),
    ),
  ];
  for (const error of secrets) {
    expect(error.code).toBe("key-invalid");
    expect(JSON.stringify([error.message, error.detail, String(error.cause)])).not.toMatch(
      /870MB6|BEGIN|MIG/,
    );
  }
  expect(secrets[0]?.message).toBe(
    'k.json: expected a public key, which has no "d", got an object.',
  );
  expect(failureOf(() => parsePrivateJwk(JSON.stringify(half), "k.json")).message).toBe(
    'k.json: expected a private key, which has a "d", got an object.',
  );
});

test.each(["P-384", "P-521"])("a key that node made for %s is refused", (namedCurve) => {
  const { publicKey } = generateKeyPairSync("ec", { namedCurve });
  const text = JSON.stringify(publicKey.export({ format: "jwk" }));
  expect(failureOf(() => parsePublicJwk(text)).message).toContain("crv: expected one of P-256");
});

import { createSign, generateKeyPairSync } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { fromDerSignature, toDerSignature } from "./der-signature.ts";

const hex = (text: string) => Uint8Array.from(Buffer.from(text.replaceAll(" ", ""), "hex"));
const half = fc
  .uint8Array({ minLength: 32, maxLength: 32 })
  .filter((bytes) => bytes.some((byte) => byte !== 0));

test("a raw signature comes back from its DER", () => {
  fc.assert(
    fc.property(half, half, (r, s) => {
      const raw = Uint8Array.of(...r, ...s);
      expect(fromDerSignature(toDerSignature(raw))).toEqual(raw);
    }),
  );
});

test("there is one encoding only: whatever is read is written back the same", () => {
  fc.assert(
    fc.property(half, half, fc.nat(80), fc.nat(255), (r, s, at, value) => {
      const der = toDerSignature(Uint8Array.of(...r, ...s));
      if (at < der.length) der[at] = value;
      const raw = fromDerSignature(der);
      if (raw !== undefined) expect(toDerSignature(raw)).toEqual(der);
    }),
  );
});

test("node's own DER is read as node's own r‖s", () => {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  for (let i = 0; i < 50; i++) {
    const der = Uint8Array.from(createSign("SHA256").update(`${i}`).sign(privateKey));
    const raw = fromDerSignature(der);
    expect(raw && toDerSignature(raw)).toEqual(der);
  }
});

test("short numbers are short, and those with a first bit set get a zero", () => {
  const raw = new Uint8Array(64);
  raw[31] = 1;
  raw[32] = 0x80;
  expect(toDerSignature(raw)).toEqual(hex(`3026 020101 022100 80${"00".repeat(31)}`));
});

test.each([
  ["nothing", ""],
  ["a sequence without numbers", "3000"],
  ["one number", "3003 020101"],
  ["three numbers", "3009 020101 020101 020101"],
  ["bytes after the end", "3006 020101 020101 00"],
  ["bytes after the numbers", "3007 020101 020101 00"],
  ["a length that lies", "3008 020101 020101"],
  ["a long form of a short length", "308106 020101 020101"],
  ["no definite length", "3080 020101 020101 0000"],
  ["a negative number", "3006 020181 020101"],
  ["a zero that is not needed", "3007 02020001 020101"],
  ["a zero", "3006 020100 020101"],
  ["an empty number", "3005 0200 020101"],
  ["a number of 33 bytes", `3026 0221 01${"00".repeat(32)} 020101`],
  ["a number that ends after the end", "3006 020101 020401"],
  ["another kind of sequence", "3106 020101 020101"],
  ["another kind of number", "3006 030101 020101"],
])("%s is no signature", (_, text) => {
  expect(fromDerSignature(hex(text))).toBeUndefined();
});

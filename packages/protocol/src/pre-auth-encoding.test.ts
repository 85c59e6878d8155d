import fc from "fast-check";
import { expect, test } from "vitest";
import { preAuthEncoding } from "./pre-auth-encoding.ts";

const encode = (text: string) => new TextEncoder().encode(text);
const textOf = (type: string, payload: string) =>
  new TextDecoder().decode(preAuthEncoding(type, encode(payload)));

/** The first is the example of the DSSE protocol. */
test.each([
  [
    "http://example.com/HelloWorld",
    "hello world",
    "DSSEv1 29 http://example.com/HelloWorld 11 hello world",
  ],
  ["", "", "DSSEv1 0  0 "],
  ["é", "漢", "DSSEv1 2 é 3 漢"],
])("the encoding of %j and %j counts bytes", (type, payload, expected) => {
  expect(textOf(type, payload)).toBe(expected);
});

test("no two documents have one encoding", () => {
  const text = fc.string({ unit: fc.constantFrom("1", " ", "a"), maxLength: 6 });
  fc.assert(
    fc.property(text, text, text, text, (type, payload, otherType, otherPayload) => {
      const isSame = type === otherType && payload === otherPayload;
      expect(textOf(type, payload) === textOf(otherType, otherPayload)).toBe(isSame);
    }),
  );
});

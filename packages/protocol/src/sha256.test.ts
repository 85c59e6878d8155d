import { expect, test } from "vitest";
import { sha256, toHex } from "./sha256.ts";

const encode = (text: string) => new TextEncoder().encode(text);

/** The examples of FIPS 180-4. */
test.each([
  ["", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"],
  ["abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"],
  [
    "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
    "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
  ],
])("the SHA-256 of %j is %s", async (text, digest) => {
  expect(await sha256(encode(text))).toBe(digest);
  expect(await sha256(encode(text).buffer)).toBe(digest);
});

test("a view is hashed, not the buffer it looks into", async () => {
  expect(await sha256(encode("xxabcxx").subarray(2, 5))).toBe(await sha256(encode("abc")));
});

test("hex has two digits a byte, lower-case", () => {
  expect(toHex(Uint8Array.of(0, 1, 15, 16, 171, 255))).toBe("00010f10abff");
});

import fc from "fast-check";
import { expect, test } from "vitest";
import { fromBase64, toBase64 } from "./base64.ts";

test("what was written is what is read, in both alphabets, padded or not", () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      const text = toBase64(bytes);
      expect(text).toBe(Buffer.from(bytes).toString("base64"));
      expect(fromBase64(text)).toEqual(bytes);
      expect(fromBase64(Buffer.from(bytes).toString("base64url"))).toEqual(bytes);
    }),
  );
});

test.each(["A", "AAAAA", "a*b=", "Zm8 =", "Zm9\n", "Zh==", "Zg=", "=", "Zg===", "é"])(
  "%j is refused",
  (text) => {
    expect(fromBase64(text)).toBeUndefined();
  },
);

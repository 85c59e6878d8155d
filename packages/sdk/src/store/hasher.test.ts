import { PIECE_BYTES, sha256 } from "@selvedge/protocol";
import { expect, test } from "vitest";
import { giveUp } from "./give-up.ts";
import { Hasher } from "./hasher.ts";

const bytesOf = (length: number) => Uint8Array.from({ length }, (_, i) => i * 7 + length);

test("it hashes bytes of any length as anyone would, several at once, though they are gone by then", async () => {
  const all = [0, 1, 5000, PIECE_BYTES, PIECE_BYTES + 1, 3].map(bytesOf);
  const wanted = await Promise.all(all.map((bytes) => sha256(bytes)));
  const hasher = new Hasher();
  const hashing = all.map((bytes) => {
    const digest = hasher.sha256(bytes);
    giveUp(bytes.buffer);
    return digest;
  });
  expect(await Promise.all(hashing)).toEqual(wanted);
});

test("it hashes a view of a part as that part", async () => {
  const whole = bytesOf(100);
  const digest = await new Hasher().sha256(whole.subarray(10, 20));
  expect(digest).toBe(await sha256(whole.slice(10, 20)));
});

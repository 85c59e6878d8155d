import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { expect, test } from "vitest";
import { Gunzip } from "./gunzip.ts";

/** What gzip makes of some bytes, in pieces as they might have been fetched. */
function packed(bytes: Uint8Array, pieceBytes = 1024 * 1024): ArrayBuffer[] {
  const { buffer } = new Uint8Array(gzipSync(bytes));
  const count = Math.ceil(buffer.byteLength / pieceBytes);
  return Array.from({ length: count }, (_, i) =>
    buffer.slice(i * pieceBytes, (i + 1) * pieceBytes),
  );
}

/** Undoes gzip, part by part. */
async function gunzip(parts: readonly ArrayBuffer[], bytes: number): Promise<Uint8Array> {
  const whole = new Gunzip(bytes);
  for (const part of parts) await whole.write(new Uint8Array(part));
  return whole.end();
}

test("what was packed comes out, however it was cut", async () => {
  const anything = fc.uint8Array({ maxLength: 100_000 });
  await fc.assert(
    fc.asyncProperty(anything, fc.integer({ min: 1, max: 500 }), async (bytes, pieceBytes) => {
      expect(await gunzip(packed(bytes, pieceBytes), bytes.length)).toEqual(bytes.slice());
    }),
    { numRuns: 30 },
  );
});

test("a size other than the one expected is refused", async () => {
  const zeros = new Uint8Array(300_000);
  await expect(gunzip(packed(zeros), 299_999)).rejects.toThrow(RangeError);
  await expect(gunzip(packed(zeros), 300_001)).rejects.toThrow("Only 300000 of 300001");
  expect(await gunzip(packed(zeros), 300_000)).toHaveLength(300_000);
});

test("a bomb is put down early: 400 MB of zeros where 1 KB was expected", async () => {
  const bomb = packed(new Uint8Array(400_000_000));
  const before = process.memoryUsage().arrayBuffers;
  await expect(gunzip(bomb, 1000)).rejects.toThrow(RangeError);
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(60_000_000);
});

test("what is given up half way leaves nothing behind that fails", async () => {
  const half = new Gunzip(5000);
  await half.write(new Uint8Array(packed(new Uint8Array(5000))[0]?.slice(0, 12) ?? []));
  half.abort();
  await expect(half.end()).rejects.toThrow();
});

test.each([
  ["nothing", () => []],
  ["no gzip at all", () => [new TextEncoder().encode("<!doctype html>").buffer]],
  ["half of it", () => packed(new Uint8Array(5000), 20).slice(0, 1)],
])("%s is refused", async (_, parts) => {
  await expect(gunzip(parts(), 5000)).rejects.toThrow();
});

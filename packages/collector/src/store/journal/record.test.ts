import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeRecords, encodeRecord } from "./record.ts";

/** JSON with anything behind it, as hexadecimal: tests compare and show it sooner than bytes. */
const entries = fc.array(
  fc
    .tuple(fc.string({ unit: "binary" }), fc.uint8Array({ maxLength: 40 }))
    .map(([text, numbers]) => Buffer.concat([Buffer.from(JSON.stringify({ text })), numbers]))
    .map((entry) => entry.toString("hex")),
  { maxLength: 8 },
);

function write(all: readonly string[]): Buffer {
  return Buffer.concat(all.map((hex) => encodeRecord(Buffer.from(hex, "hex"))));
}

function read(bytes: Buffer): string[] {
  return [...decodeRecords(bytes)].map((entry) => entry.toString("hex"));
}

test("what was written is read, in its order", () => {
  fc.assert(
    fc.property(entries, (all) => {
      expect(read(write(all))).toEqual(all);
    }),
  );
});

test("cut anywhere, all whole records are read and no more", () => {
  fc.assert(
    fc.property(entries, fc.nat(), fc.uint8Array({ maxLength: 20 }), (all, at, zeros) => {
      const bytes = write(all);
      const cut = at % (bytes.length + 1);
      let whole = 0;
      while (whole < all.length && write(all.slice(0, whole + 1)).length <= cut) whole += 1;
      // A file system may have lengthened the file before its content was there.
      const torn = Buffer.concat([bytes.subarray(0, cut), Buffer.alloc(zeros.length)]);
      expect(read(torn)).toEqual(all.slice(0, whole));
    }),
  );
});

test("a damaged record is passed over, and those behind it are read", () => {
  fc.assert(
    fc.property(entries, fc.nat(), fc.integer({ min: 1, max: 255 }), (all, at, flip) => {
      const bytes = write(all);
      fc.pre(bytes.length > 0);
      const index = at % bytes.length;
      bytes[index] = (bytes[index] ?? 0) ^ flip;
      const damaged = all.findIndex((_, i) => write(all.slice(0, i + 1)).length > index);
      expect(read(bytes)).toEqual(all.filter((_, i) => i !== damaged));
    }),
  );
});

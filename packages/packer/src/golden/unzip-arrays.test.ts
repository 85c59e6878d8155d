import { zipSync } from "fflate";
import { expect, test } from "vitest";
import { unzipArrays } from "./unzip-arrays.ts";

function unzip(bytes: Uint8Array): [string, Uint8Array][] {
  return unzipArrays(bytes, (what) => {
    throw new Error(what);
  });
}

/** Overwrites a field in the first entry of the archive's directory. */
function claim(archive: Uint8Array, offset: number, value: number): Uint8Array {
  const copy = Uint8Array.from(archive);
  const view = new DataView(copy.buffer);
  let directory = 0;
  while (view.getUint32(directory, true) !== 0x02_01_4b_50) directory++;
  view.setUint32(directory + offset, value, true);
  return copy;
}

/** Where the directory says how an entry is packed, and its size after and before. */
const [COMPRESSION, PACKED_SIZE, ORIGINAL_SIZE] = [10, 20, 24];

const zeros = new Uint8Array(5000);

test("files come without their ending", () => {
  const file = Uint8Array.of(1, 2);
  expect(unzip(zipSync({ "0/x.npy": file }))).toEqual([["0/x", file]]);
});

test("a file that claims more than it can hold is refused before memory is taken for it", () => {
  const bomb = claim(zipSync({ "x.npy": zeros }), ORIGINAL_SIZE, 2 ** 30);
  expect(() => unzip(bomb)).toThrow("cannot hold the 1073741824 bytes");
  const stored = claim(zipSync({ "x.npy": zeros }, { level: 0 }), ORIGINAL_SIZE, 5001);
  expect(() => unzip(stored)).toThrow("cannot hold the 5001 bytes");
});

test("a file that holds less than it claims is refused", () => {
  const short = claim(zipSync({ "x.npy": zeros }), ORIGINAL_SIZE, 5001);
  expect(() => unzip(short)).toThrow("cut short");
});

test("more than fits into memory is refused before it is unpacked", () => {
  const stored = zipSync({ "x.npy": zeros }, { level: 0 });
  const bomb = claim(claim(stored, PACKED_SIZE, 2 ** 31), ORIGINAL_SIZE, 2 ** 31);
  expect(() => unzip(bomb)).toThrow("its arrays take more than");
});

test("what numpy.savez does not write is refused", () => {
  expect(() => unzip(zipSync({ "evil.pkl": zeros }))).toThrow('"evil.pkl"');
  const packed = claim(zipSync({ "x.npy": zeros }), COMPRESSION, 12);
  expect(() => unzip(packed)).toThrow("packed in a way");
  expect(() => unzip(zeros)).toThrow("not an archive");
});

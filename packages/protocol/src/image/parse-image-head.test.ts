import fc from "fast-check";
import { expect, test } from "vitest";
import { SelvedgeError } from "../selvedge-error.ts";
import { IMAGE_FORMAT, IMAGE_PAGE_BYTES, type ImageHead, WASM_PAGE_BYTES } from "./memory-image.ts";
import { fits, formatImageHead, parseImageHead } from "./parse-image-head.ts";

/** How many damaged heads are tried; `npm run soak` asks for more. */
const CASES = Number(process.env["SELVEDGE_FUZZ"] ?? 300);

const HEAD: ImageHead = {
  format: IMAGE_FORMAT,
  key: "ab".repeat(32),
  memoryBytes: 4 * WASM_PAGE_BYTES,
  tableLength: 8000,
  globals: { $0: 5_243_920, $4: "-9007199254740993" },
  runs: [
    [0, IMAGE_PAGE_BYTES],
    [3 * IMAGE_PAGE_BYTES, 2 * IMAGE_PAGE_BYTES],
  ],
  session: 70_000,
  sha256: "cd".repeat(32),
  answers: "ef".repeat(32),
};
const TEXT = formatImageHead(HEAD);

test("a head that was written is read as it was", () => {
  expect(parseImageHead(TEXT)).toEqual(HEAD);
});

test("pages fit a head that says how many there are, and no other", () => {
  expect(fits(HEAD, new Uint8Array(3 * IMAGE_PAGE_BYTES))).toBe(true);
  expect(fits(HEAD, new Uint8Array(3 * IMAGE_PAGE_BYTES - 1))).toBe(false);
});

test.each<[what: string, field: string, head: object]>([
  ["of another format", "format", { format: IMAGE_FORMAT + 1 }],
  ["without a key", "key", { key: undefined }],
  ["with a memory that is no whole page", "memoryBytes", { memoryBytes: WASM_PAGE_BYTES + 1 }],
  ["with more memory than can be addressed", "memoryBytes", { memoryBytes: 2 ** 33 }],
  ["with half a page", "runs[0][1]", { runs: [[0, 100]] }],
  ["with a stretch of nothing", "runs[0][1]", { runs: [[0, 0]] }],
  ["with a stretch that begins in a page", "runs[0][0]", { runs: [[16, IMAGE_PAGE_BYTES]] }],
  [
    "with stretches over each other",
    "runs[1]",
    {
      runs: [
        [0, 8192],
        [4096, 8192],
      ],
    },
  ],
  ["with a stretch of three numbers", "runs[0]", { runs: [[0, 4096, 1]] }],
  ["with pages beyond its memory", "runs", { runs: [[4 * WASM_PAGE_BYTES, IMAGE_PAGE_BYTES]] }],
  ["with a session outside of memory", "session", { session: 4 * WASM_PAGE_BYTES }],
  ["with a global that is no number", "globals.$0", { globals: { $0: "0x10" } }],
  ["with a table of less than nothing", "tableLength", { tableLength: -1 }],
])("a head %s is refused, and the field is named", (_what, field, wrong) => {
  const text = JSON.stringify({ ...HEAD, ...wrong });
  expect(() => parseImageHead(text)).toThrow(`the image of an engine: ${field}`);
});

test(`of ${CASES} heads with a damaged character none is taken for something that memory cannot hold`, () => {
  const damage = fc.tuple(fc.nat(TEXT.length - 1), fc.string({ minLength: 0, maxLength: 3 }));
  fc.assert(
    fc.property(damage, ([at, put]) => {
      let head: ImageHead;
      try {
        head = parseImageHead(TEXT.slice(0, at) + put + TEXT.slice(at + 1));
      } catch (error) {
        expect(error).toBeInstanceOf(SelvedgeError);
        expect(error).toMatchObject({ code: "storage-damaged" });
        return;
      }
      let end = 0;
      for (const [offset, length] of head.runs) {
        expect(offset).toBeGreaterThanOrEqual(end);
        expect([offset % IMAGE_PAGE_BYTES, length % IMAGE_PAGE_BYTES]).toEqual([0, 0]);
        end = offset + length;
      }
      expect(end).toBeLessThanOrEqual(head.memoryBytes);
      expect(head.session).toBeLessThan(head.memoryBytes);
    }),
    { numRuns: CASES, seed: 1 },
  );
});

test("any text at all is read, or refused as damaged", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
      expect(() => parseImageHead(text)).toThrow(SelvedgeError);
    }),
    { numRuns: 200 },
  );
});

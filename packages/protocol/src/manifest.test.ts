import { expect, test } from "vitest";
import {
  type BlobRef,
  blobsOf,
  goldenCasesOf,
  isFileName,
  type Manifest,
  pieceDigests,
  toleranceFor,
  toleranceOf,
} from "./manifest.ts";

function blob(digit: string, extra: Partial<BlobRef> = {}): BlobRef {
  return { bytes: 4, sha256: digit.repeat(64), at: { segment: 0, offset: 0, length: 4 }, ...extra };
}

const bare = {
  dtype: "fp32",
  engine: "onnx",
  backends: ["wasm"],
  requires: [],
  memoryBytes: 0,
} as const;

const empty: Manifest = {
  format: "selvedge.pack/1",
  name: "m",
  version: "1",
  license: "unknown",
  provenance: { source: { file: "m.onnx", bytes: 1, sha256: "0".repeat(64) }, tools: {} },
  signature: { inputs: [], outputs: [] },
  segments: [{ sha256: "0".repeat(64), bytes: 4 }],
  golden: { tolerance: {}, cases: [] },
  attachments: [],
  variants: [],
};

test("the blobs of a pack are graphs and weights, then attachments, then golden, each once", () => {
  const tensor = (digit: string) =>
    ({ name: digit, dtype: "float32", dims: [1], ...blob(digit) }) as const;
  const manifest: Manifest = {
    ...empty,
    golden: { tolerance: {}, cases: [{ inputs: [tensor("b")], outputs: [tensor("f")] }] },
    attachments: [{ name: "labels.txt", ...blob("e") }],
    variants: [
      { ...bare, graph: blob("a"), tensors: [tensor("b"), tensor("c")] },
      { ...bare, dtype: "q8", graph: blob("d"), tensors: [tensor("c")] },
    ],
  };
  expect(blobsOf(manifest).map(({ sha256 }) => sha256[0])).toEqual(["a", "b", "c", "d", "e", "f"]);
});

test("a variant's own tolerance comes before the manifest's, backend by backend", () => {
  const [own, common] = [
    { absolute: 2, relative: 0 },
    { absolute: 1, relative: 0 },
  ];
  const golden = { tolerance: { wasm: common, webgpu: common }, cases: [] };
  const variant = { ...bare, graph: blob("a"), tensors: [], tolerance: { wasm: own } };
  const manifest = { ...empty, golden, variants: [variant] };
  expect(toleranceOf(manifest, variant, "wasm")).toBe(own);
  expect(toleranceOf(manifest, variant, "webgpu")).toBe(common);
  expect(toleranceOf(manifest, variant, "server")).toBeUndefined();
});

test("a tolerance grows and shrinks with the scale of an answer, in its absolute part", () => {
  const tolerance = { absolute: 2, relative: 0.5 };
  expect(toleranceFor({ scale: 3 }, tolerance)).toEqual({ absolute: 6, relative: 0.5 });
  expect(toleranceFor({}, tolerance)).toEqual(tolerance);
});

test("a variant is held to the golden cases that name its dtype, or none", () => {
  const [all, coarse] = [
    { inputs: [], outputs: [] },
    { inputs: [], outputs: [], dtypes: ["q8"] as const },
  ];
  const manifest = { ...empty, golden: { tolerance: {}, cases: [all, coarse] } };
  const fp32 = { ...bare, graph: blob("a"), tensors: [] };
  expect(goldenCasesOf(manifest, fp32)).toEqual([all]);
  expect(goldenCasesOf(manifest, { ...fp32, dtype: "q8" })).toEqual([all, coarse]);
});

test("a blob without chunks is one piece, with the blob's own digest", () => {
  expect(pieceDigests(blob("a"))).toEqual(["a".repeat(64)]);
  expect(pieceDigests(blob("a", { chunks: ["b".repeat(64), "c".repeat(64)] }))).toEqual([
    "b".repeat(64),
    "c".repeat(64),
  ]);
});

test.each(["labels.txt", "ppocr_keys_v1.txt", "vocab", "My labels (2).txt".replace(/[()]/g, "")])(
  "%j can be a file's name",
  (name) => expect(isFileName(name)).toBe(true),
);

test.each([
  "",
  ".",
  "..",
  ".hidden",
  "a/b",
  "a\\b",
  "a\0",
  "a\n",
  "../a",
  "x".repeat(129),
  "é.txt",
])("%j cannot be a file's name", (name) => expect(isFileName(name)).toBe(false));

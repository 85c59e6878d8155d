import type { ShippedImage, Variant } from "@selvedge/protocol";
import { expect, test } from "vitest";
import { describeImages } from "./describe-images.ts";

const file = (bytes: number): ShippedImage["bare"] => ({
  bytes,
  sha256: "ab".repeat(32),
  at: { segment: 0, offset: 0, length: bytes },
  unpackedBytes: 5 * bytes,
});

const variant: Variant = {
  dtype: "fp32",
  engine: "onnx",
  backends: ["wasm"],
  requires: [],
  memoryBytes: 1,
  graph: file(9),
  tensors: [],
};

test("says what an image wakes in and what it takes", () => {
  const image: ShippedImage = {
    format: 1,
    runtime: { version: "1.30.0", wasm: "cd".repeat(32), glue: "ef".repeat(32) },
    madeOn: { host: "node", architecture: "x86" },
    settings: { backend: "wasm" },
    bare: file(997_968),
    difference: file(342_197),
  };
  const variants = [{ ...variant, images: [image] }, variant];
  expect(describeImages({ variants })).toEqual([
    expect.stringMatching(
      /^fp32 for onnxruntime-web 1\.30\.0 on x86: .*342.* and the runtime's .*99/,
    ),
  ]);
});

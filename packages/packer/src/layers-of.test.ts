import type { Variant } from "@selvedge/protocol";
import { expect, test } from "vitest";
import { layersOf } from "./layers-of.ts";

function variant(dtype: Variant["dtype"], sizes: Record<string, number>): Variant {
  const blob = (bytes: number, sha256: string) => ({
    bytes,
    sha256,
    at: { segment: 0, offset: 0, length: bytes },
  });
  return {
    dtype,
    engine: "onnx",
    backends: ["wasm"],
    requires: [],
    memoryBytes: 0,
    graph: blob(10, "graph"),
    tensors: Object.entries(sizes).map(([name, bytes]) => ({
      name,
      dtype: "float32",
      dims: [bytes / 4],
      // Twins are the same bytes.
      ...blob(bytes, name.replace("twin", "")),
    })),
  };
}

test("tensors of one layer are one line, in every precision, the largest first", () => {
  const fp32 = variant("fp32", {
    "encoder.0.weight": 4000,
    "encoder.0.bias": 400,
    "decoder/0/weight": 8000,
    onnx__MatMul_7: 40,
  });
  const q8 = variant("q8", { "encoder.0.weight/u8": 1000, "decoder/0/weight/i8": 2000 });
  expect(layersOf({ variants: [fp32, q8] })).toEqual([
    { name: "decoder/0", bytes: { fp32: 8000, q8: 2000 } },
    { name: "encoder.0", bytes: { fp32: 4400, q8: 1000 } },
    { name: "onnx__MatMul_7", bytes: { fp32: 40 } },
  ]);
});

test("equal tensors count once, for the first that has them", () => {
  const fp32 = variant("fp32", { "a.w": 100, "twina.w": 100 });
  expect(layersOf({ variants: [fp32] })).toEqual([{ name: "a", bytes: { fp32: 100 } }]);
  // So do those of two graphs of one precision.
  expect(layersOf({ variants: [fp32, fp32] })).toEqual([{ name: "a", bytes: { fp32: 100 } }]);
});

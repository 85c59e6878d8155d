import type { Manifest } from "@selvedge/protocol";
import { expect, test } from "vitest";
import { describeVariants } from "./describe-variants.ts";

type Variant = Manifest["variants"][number];

const blob = (digit: string, bytes: number) => ({
  bytes,
  sha256: digit.repeat(64),
  at: { segment: 0, offset: 0, length: bytes },
});
const weight = (name: string, digit: string, bytes: number) =>
  ({ name, dtype: "uint8", dims: [bytes], ...blob(digit, bytes) }) as const;
const fp32: Variant = {
  dtype: "fp32",
  engine: "onnx",
  backends: ["wasm", "webgpu"],
  requires: [],
  memoryBytes: 0,
  graph: blob("a", 1_000),
  tensors: [weight("w", "b", 7_000), weight("twin", "b", 7_000)],
};
const q8: Variant = {
  ...fp32,
  dtype: "q8",
  backends: ["wasm"],
  memoryBytes: 4_100,
  tensors: [weight("w", "c", 1_000)],
  error: { snrDb: 20, maxDifference: 0.1 },
};

test("a line says where a variant runs, what it weighs, equal tensors once, and what it costs", () => {
  expect(describeVariants({ variants: [fp32, q8] })).toEqual([
    "fp32, onnx on wasm and webgpu, 8.0 KB: graph 1.0 KB, 2 tensors, 0 B in memory",
    "q8, onnx on wasm, 2.0 KB (0.25 × fp32): graph 1.0 KB, 1 tensors, 4.1 KB in memory; error 0.10 (20 dB), off by at most 0.1",
  ]);
});

test("what tests measured comes last", () => {
  const [line] = describeVariants({ variants: [{ ...q8, metrics: { cer: 0.02, exact: 0.9 } }] });
  expect(line).toMatch(/off by at most 0\.1; cer 0\.02; exact 0\.9$/);
});

test("what a variant needs of a device is said, and which weights stayed float16", () => {
  const q4f16: Variant = {
    ...q8,
    dtype: "q4f16",
    backends: ["webgpu"],
    requires: ["shader-f16"],
    kept: ["head.w", "conv.w"],
  };
  const [line] = describeVariants({ variants: [q4f16] });
  expect(line).toContain("q4f16, onnx on webgpu with shader-f16, 2.0 KB");
  expect(line).toContain("; kept in float16: head.w, conv.w");
});

test("without fp32 there is nothing to compare the size with", () => {
  expect(describeVariants({ variants: [q8] })[0]).toContain("2.0 KB: graph");
});

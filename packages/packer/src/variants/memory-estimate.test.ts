import { expect, test } from "vitest";
import { node } from "../onnx/onnx-model.fixture.ts";
import { memoryEstimate } from "./memory-estimate.ts";

const weight = (name: string, bytes: number) => ({
  name,
  dtype: "uint8" as const,
  dims: [bytes],
  bytes: new Uint8Array(bytes),
  sha256: name,
});

test("weights count twice, those that become float32 as what they become too, and the graph four times", () => {
  const graph = new Uint8Array(10);
  const tensors = [weight("w", 1000), weight("i8", 1000), weight("f16", 1000)];
  expect(memoryEstimate({ graph, tensors })).toBe(40 + 6000);
  const nodes = [
    node("DequantizeLinear", ["i8", "s"], ["a"]),
    node("Cast", ["f16"], ["b"]),
    node("MatMul", ["a", "w"], ["c"]),
  ];
  expect(memoryEstimate({ graph, tensors }, nodes)).toBe(40 + 2000 + 5000 + 3000);
});

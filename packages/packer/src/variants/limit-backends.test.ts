import { describe, expect, it } from "vitest";
import { bodyAttribute, graph, node } from "../onnx/onnx-model.fixture.ts";
import type { PackedVariant } from "../quantize/make-variant.ts";
import { limitBackends } from "./limit-backends.ts";

const variant = (dtype: PackedVariant["dtype"], ...backends: string[]): PackedVariant => ({
  dtype,
  engine: "onnx",
  backends,
  split: { graph: new Uint8Array(), tensors: [], declared: { inputs: [], outputs: [] } },
  requires: [],
  memoryBytes: 0,
});

const trees = node("TreeEnsembleRegressor", ["x"], ["y"]);
trees.domain = "ai.onnx.ml";

describe("limitBackends", () => {
  const fp32 = variant("fp32", "wasm", "webgpu");

  it("leaves variants as they are where every runtime has the operators", () => {
    expect(limitBackends([fp32], graph({ node: [node("Neg", ["x"], ["y"])] }))).toEqual([fp32]);
  });

  it("takes WebGPU from a model of trees, inside a body too", () => {
    const nested = node(
      "If",
      ["c"],
      ["y"],
      [bodyAttribute("then_branch", graph({ node: [trees] }))],
    );
    for (const each of [trees, nested])
      expect(limitBackends([fp32], graph({ node: [each] }))).toMatchObject([
        { dtype: "fp32", backends: ["wasm"] },
      ]);
  });

  it("leaves out a graph for GPUs where another of its dtype can run", () => {
    const [half, onGpu] = [variant("fp16", "wasm", "webgpu"), variant("fp16", "webgpu")];
    expect(limitBackends([half, onGpu], graph({ node: [trees] }))).toMatchObject([
      { dtype: "fp16", backends: ["wasm"] },
    ]);
  });

  it("refuses a variant that could run nowhere", () => {
    const storage = variant("q8-storage", "webgpu");
    expect(() => limitBackends([storage], graph({ node: [trees] }))).toThrow(
      expect.objectContaining({
        code: "model-unsupported",
        message: expect.stringMatching(/q8-storage, .* has no TreeEnsembleRegressor "y"/),
      }),
    );
  });
});

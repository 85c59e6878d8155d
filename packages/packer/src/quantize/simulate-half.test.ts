import { clone } from "@bufbuild/protobuf";
import { type ModelProto, ModelProtoSchema } from "onnx-buf";
import { expect, test } from "vitest";
import { filled, floats, graph, model, node, value } from "../onnx/onnx-model.fixture.ts";
import { input, noise, run } from "../runtime/run-model.fixture.ts";
import { halfGraph } from "./half-graph.ts";
import { observeValues } from "./observe-values.ts";
import { simulateHalf } from "./simulate-half.ts";

const x = input([1, 4], [0.1, 1, 5, 9]);

/** What a model answers as a device would that computes it in float16. */
async function simulated(onnx: ModelProto): Promise<number[]> {
  const copy = clone(ModelProtoSchema, onnx);
  const made = copy.graph ?? expect.fail("the model has no graph");
  const golden = [{ inputs: [x], outputs: [] }];
  simulateHalf(made, halfGraph(made, await observeValues(onnx, golden)));
  return run(copy, x);
}

test("what lies between two nodes is rounded, as it is where they compute in float16", async () => {
  const onnx = model(
    graph({
      input: [value("x", [1, 4])],
      output: [value("y")],
      initializer: [filled("c", 1, 8192)],
      node: [node("Add", ["x", "c"], ["a"]), node("Sub", ["a", "c"], ["y"])],
    }),
  );
  // From 8192 on, float16 goes in steps of 8.
  expect(await simulated(onnx)).toEqual([0, 0, 8, 8]);
});

test("weights are those that are stored, and inputs are rounded", async () => {
  const weights = noise(256);
  const onnx = model(
    graph({
      input: [value("x", [1, 4])],
      output: [value("y")],
      initializer: [floats("w", [4, 64], weights)],
      node: [node("MatMul", ["x", "w"], ["y"])],
    }),
  );
  const [first = 0] = await simulated(onnx);
  const [exact = 0] = await run(onnx, x);
  expect(first).not.toBe(exact);
  expect(Math.abs(first - exact)).toBeLessThan(0.01);
});

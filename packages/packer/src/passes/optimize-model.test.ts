import { clone, toBinary } from "@bufbuild/protobuf";
import { type ModelProto, ModelProtoSchema } from "onnx-buf";
import { expect, test } from "vitest";
import type { GoldenSet } from "../golden/golden.ts";
import { floats, graph, longs, model, node, value } from "../onnx/onnx-model.fixture.ts";
import { answer, input, noise } from "../runtime/run-model.fixture.ts";
import { optimizeModel } from "./optimize-model.ts";

const X = input([1, 2, 4, 4], noise(32));

/** `relu((x · 2) ∗ w · scale)`, with all that exporters leave lying about. */
function exported(scale = 0.5): ModelProto {
  return model(
    graph({
      input: [value("x", ["n", 2, 4, 4])],
      output: [value("y")],
      initializer: [
        floats("w", [3, 2, 1, 1], noise(6)),
        floats("two", [], [2]),
        floats("scale", [3], [scale, 1, 2]),
        longs("axes", 1, 2),
        longs("unread", 7),
      ],
      node: [
        node("Unsqueeze", ["scale", "axes"], ["spread"]),
        node("Identity", ["x"], ["same"]),
        node("Mul", ["same", "two"], ["twice"]),
        node("Conv", ["twice", "w"], ["c"]),
        node("Mul", ["c", "spread"], ["scaled"]),
        node("Shape", ["c"], ["size"]),
        node("Relu", ["scaled"], ["y"]),
      ],
    }),
    { opset: 15n },
  );
}

async function goldenOf(onnx: ModelProto, absolute = 1e-4): Promise<GoldenSet> {
  const outputs = await answer(onnx, [X]);
  const tolerance = { wasm: { absolute, relative: 0 }, webgpu: { absolute, relative: 0 } };
  return { cases: [{ inputs: [X], outputs }], tolerance, spread: {}, own: {} };
}

const operators = ({ graph: main }: ModelProto) => main?.node.map(({ opType }) => opType);

test("what a device would do on every load is done, at the opset that the model has", async () => {
  const source = exported();
  const { model: optimized, warnings } = await optimizeModel(
    clone(ModelProtoSchema, source),
    await goldenOf(source),
  );
  expect(warnings).toEqual([]);
  expect(operators(optimized)).toEqual(["Conv", "Relu"]);
  // The weights and a bias.
  expect(optimized.graph?.initializer).toHaveLength(2);
  expect(optimized.opsetImport).toEqual(source.opsetImport);
  expect(optimized.irVersion).toBe(source.irVersion);
});

test("the same model comes to the same bytes", async () => {
  const golden = await goldenOf(exported());
  const optimized = async () =>
    toBinary(ModelProtoSchema, (await optimizeModel(exported(), golden)).model);
  expect(await optimized()).toEqual(await optimized());
});

test("answers that may not move by a last bit leave it as it is, with a warning", async () => {
  const { model: optimized, warnings } = await optimizeModel(
    exported(0.3),
    await goldenOf(exported(0.3), 1e-12),
  );
  expect(warnings).toContainEqual(
    expect.stringMatching(/^What precedes and follows convolutions was not folded.*would differ/),
  );
  expect(operators(optimized)?.filter((operator) => operator === "Mul")).toHaveLength(2);
});

test("a weight that is NaN, and matters to no answer, stays where it is", async () => {
  const source = exported();
  source.graph?.initializer.push(floats("nan", [3], [Number.NaN, 1, 1]));
  const nodes = source.graph?.node ?? [];
  nodes.splice(
    -1,
    1,
    node("Less", ["scaled", "scaled"], ["never"]),
    node("Unsqueeze", ["nan", "axes"], ["wide"]),
    node("Where", ["never", "wide", "scaled"], ["kept"]),
    node("Relu", ["kept"], ["y"]),
  );
  const { model: optimized } = await optimizeModel(
    clone(ModelProtoSchema, source),
    await goldenOf(source),
  );
  expect(operators(optimized)).toContain("Where");
  expect(await answer(optimized, [X])).toEqual(await answer(source, [X]));
});

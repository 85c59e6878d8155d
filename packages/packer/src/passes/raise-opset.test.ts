import { clone } from "@bufbuild/protobuf";
import { AttributeProto_AttributeType as AttributeType, ModelProtoSchema } from "onnx-buf";
import { expect, test } from "vitest";
import {
  attribute,
  bodyAttribute,
  filled,
  floats,
  graph,
  model,
  node,
  value,
} from "../onnx/onnx-model.fixture.ts";
import { distance, input, noise, run } from "../runtime/run-model.fixture.ts";
import { opsetOf, raiseOpset } from "./raise-opset.ts";

const int = (name: string, i: number) => attribute(name, { type: AttributeType.INT, i: BigInt(i) });
const float = (name: string, f: number) => attribute(name, { type: AttributeType.FLOAT, f });
const ints = (name: string, ...list: number[]) =>
  attribute(name, { type: AttributeType.INTS, ints: list.map(BigInt) });
const text = (name: string, s: string) =>
  attribute(name, { type: AttributeType.STRING, s: new TextEncoder().encode(s) });
const list = (name: string, ...values: number[]) =>
  attribute(name, { type: AttributeType.FLOATS, floats: values });

interface Case {
  readonly opset: bigint;
  readonly op: string;
  readonly attributes?: ReturnType<typeof attribute>[];
  readonly dims?: number[];
  readonly weights?: ReturnType<typeof floats>[];
}

function modelOf({ opset, op, attributes = [], dims = [2, 3, 4], weights = [] }: Case) {
  const inputs = ["x", ...weights.map(({ name }) => name)];
  return model(
    graph({
      input: [value("x", dims)],
      output: [value("y")],
      initializer: weights,
      node: [node(op, inputs, ["y"], attributes)],
    }),
    { opset },
  );
}

function raised(onnx: ReturnType<typeof model>) {
  const copy = clone(ModelProtoSchema, onnx);
  if (copy.graph === undefined) return expect.fail("the model has no graph");
  raiseOpset(copy, copy.graph);
  return copy;
}

test.each<Case>([
  { opset: 9n, op: "Clip", attributes: [float("min", -0.2), float("max", 0.3)] },
  { opset: 9n, op: "Clip", attributes: [float("max", 0.3)] },
  { opset: 9n, op: "Clip" },
  { opset: 9n, op: "Slice", attributes: [ints("starts", 1, 0), ints("ends", 3, -1)] },
  {
    opset: 9n,
    op: "Slice",
    attributes: [ints("axes", 2), ints("starts", -3), ints("ends", 2 ** 31 - 1)],
  },
  { opset: 11n, op: "Squeeze", attributes: [ints("axes", 1)], dims: [2, 1, 3] },
  { opset: 11n, op: "Squeeze", dims: [2, 1, 3] },
  { opset: 11n, op: "Unsqueeze", attributes: [ints("axes", 0, 2)] },
  { opset: 11n, op: "ReduceSum", attributes: [ints("axes", 1), int("keepdims", 0)] },
  { opset: 11n, op: "ReduceSum" },
  { opset: 9n, op: "Pad", attributes: [ints("pads", 0, 1, 0, 1, 0, 2), float("value", 7)] },
  { opset: 9n, op: "Pad", attributes: [ints("pads", 0, 0, 2, 0, 0, 1), text("mode", "reflect")] },
  { opset: 11n, op: "Softmax" },
  { opset: 11n, op: "Softmax", attributes: [int("axis", 2)] },
  { opset: 11n, op: "Softmax", attributes: [int("axis", -1)] },
  { opset: 11n, op: "Softmax", attributes: [int("axis", 0)] },
  { opset: 9n, op: "LogSoftmax", attributes: [int("axis", 1)] },
  { opset: 9n, op: "TopK", attributes: [int("k", 2)] },
  { opset: 9n, op: "Dropout", attributes: [float("ratio", 0.5)] },
  {
    opset: 8n,
    op: "Upsample",
    attributes: [list("scales", 1, 1, 2, 2), text("mode", "nearest")],
    dims: [1, 1, 3, 3],
  },
  { opset: 6n, op: "Elu", attributes: [float("alpha", 0.5)] },
  { opset: 1n, op: "Reshape", attributes: [ints("shape", 4, 6)] },
  { opset: 5n, op: "Softmax" },
  {
    opset: 9n,
    op: "Upsample",
    attributes: [text("mode", "linear")],
    dims: [1, 1, 3, 3],
    weights: [floats("s", [4], [1, 1, 2, 2])],
  },
  {
    opset: 10n,
    op: "Resize",
    attributes: [text("mode", "nearest")],
    dims: [1, 1, 3, 3],
    weights: [floats("s", [4], [1, 1, 1.5, 2])],
  },
])("$op of opset $opset answers in opset 13 as it did", async (given) => {
  const before = modelOf({ ...given });
  const outputs = given.op === "TopK" ? ["y", "indices"] : ["y"];
  for (const item of before.graph?.node ?? []) item.output = outputs;
  const after = raised(before);
  expect(opsetOf(after)).toBe(13);
  const dims = given.dims ?? [2, 3, 4];
  const x = input(dims, noise(dims.reduce((product, size) => product * size, 1)));
  expect(distance(await run(after, x), await run(before, x))).toBeLessThan(1e-6);
});

test("Split keeps its sizes", async () => {
  const before = model(
    graph({
      input: [value("x", [5, 2])],
      output: [value("a"), value("b")],
      node: [node("Split", ["x"], ["a", "b"], [ints("split", 2, 3)])],
    }),
    { opset: 11n },
  );
  const x = input([5, 2], noise(10));
  expect(await run(raised(before), x)).toEqual(await run(before, x));
});

test("scales of Upsample may be computed", async () => {
  const before = model(
    graph({
      input: [value("x", [1, 1, 2, 2])],
      output: [value("y")],
      initializer: [floats("s", [4], [1, 1, 2, 3])],
      node: [node("Abs", ["s"], ["scales"]), node("Upsample", ["x", "scales"], ["y"])],
    }),
    { opset: 9n },
  );
  const x = input([1, 1, 2, 2], noise(4));
  expect(await run(raised(before), x)).toEqual(await run(before, x));
});

test("bodies are rewritten too, with constants of the graphs around them", async () => {
  const branch = (name: string) =>
    graph({
      name,
      output: [value(name)],
      initializer: [filled(`${name}/twice`, 1, 2)],
      node: [
        node("Resize", ["x", "s"], [`${name}/large`]),
        node("Pad", [`${name}/large`], [`${name}/wide`], [ints("pads", 0, 0, 1, 0, 0, 0, 0, 1)]),
        node("Mul", [`${name}/wide`, `${name}/twice`], [name]),
      ],
    });
  const before = model(
    graph({
      input: [value("x", [1, 1, 2, 2])],
      output: [value("y")],
      initializer: [floats("s", [4], [1, 1, 2, 2]), floats("zero", [], [0])],
      node: [
        node("ReduceSum", ["x"], ["sum"], [int("keepdims", 0)]),
        node("Greater", ["sum", "zero"], ["is-positive"]),
        node(
          "If",
          ["is-positive"],
          ["y"],
          [bodyAttribute("then_branch", branch("a")), bodyAttribute("else_branch", branch("b"))],
        ),
      ],
    }),
    { opset: 10n },
  );
  for (const sign of [1, -1]) {
    const x = input(
      [1, 1, 2, 2],
      noise(4).map((element) => sign * Math.abs(element)),
    );
    expect(await run(raised(before), x)).toEqual(await run(before, x));
  }
});

test.each<Case & { readonly reason: RegExp }>([
  {
    opset: 10n,
    op: "Resize",
    weights: [floats("s", [3], [1, 1, 0.5])],
    reason: /Resize "y" has no equal/,
  },
  {
    opset: 7n,
    op: "BatchNormalization",
    attributes: [int("spatial", 0)],
    reason: /BatchNormalization "y"/,
  },
])("$op of opset $opset is named as what is in the way", ({ reason, ...given }) => {
  expect(() => raised(modelOf(given))).toThrow(reason);
});

test("a model of opset 13 and more is left as it is", () => {
  const onnx = modelOf({ opset: 17n, op: "Softmax" });
  expect(raised(onnx)).toEqual(onnx);
});

import type { NodeProto } from "onnx-buf";
import { expect, test } from "vitest";
import { elementsOf } from "../named-tensor.ts";
import {
  attribute,
  DataType,
  encode,
  floats,
  graph,
  model,
  node,
  value,
} from "../onnx/onnx-model.fixture.ts";
import { declaredSignature } from "../onnx/signature.ts";
import { openSession } from "../runtime/onnx-runtime.ts";
import { makeGolden } from "./make-golden.ts";

/** What is made for a model of an input x, an output y, and the constants that are named. */
async function made(
  dims: (number | string)[],
  nodes: NodeProto[],
  constants: Readonly<Record<string, number>> = {},
  modelBytes = 10_000_000,
) {
  const content = graph({
    input: [value("x", dims)],
    output: [value("y")],
    initializer: Object.entries(constants).map(([name, number]) => floats(name, [1], [number])),
    node: nodes,
  });
  const session = await openSession({ graph: encode(model(content)), weights: new Map() });
  try {
    return await makeGolden(session, declaredSignature(content), { modelBytes });
  } finally {
    await session.close();
  }
}
const addOne = (dims: (number | string)[]) =>
  made(dims, [node("Add", ["x", "one"], ["y"])], { one: 1 });
const shapes = (golden: Awaited<ReturnType<typeof made>>) =>
  golden.map(({ role = "typical", inputs }) => [role, inputs[0]?.dims.join("x")]);

test("what travels is of the first size small enough, and errors are measured on a larger one too", async () => {
  const golden = await addOne([1, "t", 512]);
  expect(shapes(golden).slice(0, 2)).toEqual([
    ["typical", "1x32x512"],
    ["probe", "1x64x512"],
  ]);
});

test("zeros and extremes come in the smallest size, and noise in a larger one that is small enough", async () => {
  const golden = await addOne(["n", "t"]);
  expect(shapes(golden)).toEqual([
    ["typical", "1x64"],
    ["edge", "1x1"],
    ["edge", "1x1"],
    ["edge", "2x128"],
  ]);
  const [zero, extreme] = golden.slice(1).map(({ outputs: [y] }) => y && [...elementsOf(y)]);
  expect(zero).toEqual([1]);
  expect([256, -254]).toContain(extreme?.[0]);
});

test("edges that would make every download larger stay at home", async () => {
  const golden = await addOne([1, 64, 128]);
  expect(shapes(golden)).toEqual([["typical", "1x64x128"]]);
});

test("a small model has edges that are small beside it", async () => {
  const identity = [node("Identity", ["x"], ["y"])];
  expect(shapes(await made([1, 64], identity, {}, 80_000))).toEqual([
    ["typical", "1x64"],
    ["edge", "1x64"],
  ]);
});

test("an edge without a finite answer is none", async () => {
  const logarithm = [node("Add", ["x", "two"], ["p"]), node("Log", ["p"], ["y"])];
  const golden = await made([1, 4], logarithm, { two: 2 });
  expect(golden.map(({ role, inputs: [x] }) => [role, x && Number(elementsOf(x)[0])])).toEqual([
    [undefined, expect.any(Number)],
    ["edge", 0],
  ]);
});

test("a size for which the model answers next to nothing is passed over", async () => {
  const to = attribute("to", { type: 2, i: BigInt(DataType.FLOAT) });
  const axis = attribute("axes", { type: 7, ints: [0n] });
  // y = x · (64 − the size of x)
  const golden = await made(
    ["n", "t"],
    [
      node("Shape", ["x"], ["shape"]),
      node("Cast", ["shape"], ["sizes"], [to]),
      node("ReduceMax", ["sizes"], ["size"], [axis]),
      node("Sub", ["most", "size"], ["factor"]),
      node("Mul", ["x", "factor"], ["y"]),
    ],
    { most: 64 },
  );
  expect(shapes(golden)[0]).toEqual(["typical", "1x32"]);
});

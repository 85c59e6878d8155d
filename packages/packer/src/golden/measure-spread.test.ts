import { expect, test } from "vitest";
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
import { openSession } from "../runtime/onnx-runtime.ts";
import { input, noise } from "../runtime/run-model.fixture.ts";
import { measureSpread } from "./measure-spread.ts";

/** The spread of `y = operator(x · factor)` over a few numbers. */
async function spreadOf(factor: number, opType: string, scale?: number) {
  const int64 = attribute("to", { type: 2, i: 7n });
  const content = graph({
    input: [value("x", [1, 16])],
    output: [value("y", [1, 16], opType === "Cast" ? DataType.INT64 : DataType.FLOAT)],
    initializer: [floats("f", [1], [factor])],
    node: [
      node("Mul", ["x", "f"], ["p"]),
      node(opType, ["p"], ["y"], opType === "Cast" ? [int64] : []),
    ],
  });
  const source = { engine: "onnx", graph: encode(model(content)), weights: new Map() } as const;
  const inputs = [input([1, 16], noise(16))];
  const session = await openSession(source);
  const outputs = await session.run(inputs);
  await session.close();
  const golden = {
    inputs,
    outputs: outputs.map((output) => (scale === undefined ? output : { ...output, scale })),
  };
  const spreads = await measureSpread(source, [golden]);
  return spreads.get(golden) ?? expect.fail("the case was not measured");
}

test("answers that rounding hardly changes are close together, closer on WASM", async () => {
  const { wasm, webgpu } = await spreadOf(1, "Sin");
  expect(wasm).toBeGreaterThan(0);
  expect(wasm).toBeLessThan(1e-6);
  expect(webgpu).toBeGreaterThan(wasm);
  expect(webgpu).toBeLessThan(1e-4);
});

test("a model that blows up what rounding does has a large spread", async () => {
  const { wasm, webgpu } = await spreadOf(1e4, "Sin");
  expect(wasm).toBeGreaterThan(1e-4);
  expect(webgpu).toBeGreaterThan(1e-2);
});

test("a spread is in units of the answer's scale", async () => {
  const [plain, halved] = [await spreadOf(1, "Sin"), await spreadOf(1, "Sin", 2)];
  expect(halved.webgpu).toBeCloseTo(plain.webgpu / 2, 10);
});

test("whole numbers that rounding changes have no finite spread", async () => {
  const { wasm, webgpu } = await spreadOf(1e5, "Cast");
  expect(wasm).toBeLessThan(Number.POSITIVE_INFINITY);
  expect(webgpu).toBe(Number.POSITIVE_INFINITY);
});

import { expect, test } from "vitest";
import { encode, floats, graph, model, node, value } from "../onnx/onnx-model.fixture.ts";
import { openSession } from "../runtime/onnx-runtime.ts";
import { input, noise } from "../runtime/run-model.fixture.ts";
import { calibrate } from "./calibrate.ts";
import type { Golden } from "./golden.ts";
import type { OwnTolerances } from "./own-tolerances.ts";

/** Calibrates `y = sin(factor · x)` and `small = x / 100` with numbers up to 1 and, as an edge, up to 1000. */
async function calibrated(factor: number, own?: OwnTolerances) {
  const content = graph({
    input: [value("x", [1, 16])],
    output: [value("y"), value("small")],
    initializer: [floats("f", [1], [factor]), floats("k", [1], [1e-2])],
    node: [
      node("Mul", ["x", "f"], ["p"]),
      node("Sin", ["p"], ["y"]),
      node("Mul", ["x", "k"], ["small"]),
    ],
  });
  const source = { engine: "onnx", graph: encode(model(content)), weights: new Map() } as const;
  const session = await openSession(source);
  const golden: Golden[] = [];
  for (const [times, role] of [
    [1, {}],
    [1000, { role: "edge" as const }],
  ] as const) {
    const inputs = [
      input(
        [1, 16],
        noise(16).map((number) => times * number),
      ),
    ];
    golden.push({ inputs, outputs: await session.run(inputs), ...role });
  }
  await session.close();
  return await calibrate(source, golden, own);
}

test("a tolerance has a floor, and grows with how far apart sound answers are", async () => {
  const calm = await calibrated(1);
  expect(calm.tolerance["wasm"]?.absolute).toBeCloseTo(1e-4, 4);
  expect(calm.tolerance["webgpu"]?.absolute).toBeCloseTo(1e-3, 3);
  const wild = await calibrated(1e3);
  const { wasm = 0 } = wild.spread;
  expect(wasm).toBeGreaterThan(1e-4);
  expect(wild.tolerance["wasm"]?.absolute).toBeCloseTo(4 * wasm, 3);
  expect(wild.warnings).toEqual([]);
});

test("a smaller output is held to less, and one that grows at an edge to more", async () => {
  // Of answers up to 0.001 and 0.01; 1000 times the input, up to 1 and 10.
  const [typical, edge] = (await calibrated(1e-3)).cases.map(({ outputs }) =>
    outputs.map(({ scale }) => scale),
  );
  expect(typical).toEqual([expect.closeTo(0.1, 1), undefined]);
  expect(edge).toEqual([expect.closeTo(85, -1), 1000]);
});

test("an edge where rounding decides is left out", async () => {
  expect((await calibrated(1e-3)).cases).toHaveLength(2);
  expect((await calibrated(1)).cases).toHaveLength(1);
});

test("where rounding alone changes answers at will, that is said, unless more is allowed", async () => {
  const { tolerance, warnings } = await calibrated(1e5);
  expect(tolerance["webgpu"]?.absolute).toBeLessThanOrEqual(0.25);
  expect(warnings).toContainEqual(expect.stringContaining("--tolerance webgpu="));
  const own = { absolute: 0.5, relative: 0 };
  const allowed = await calibrated(1e5, { webgpu: own });
  expect(allowed.tolerance["webgpu"]).toEqual(own);
  expect(allowed.warnings.join()).not.toContain("webgpu");
});

test("a tolerance that zeros would pass is refused", async () => {
  const lax = calibrated(1, { "q8/wasm": { absolute: 2, relative: 0 } });
  await expect(lax).rejects.toMatchObject({ code: "options-invalid" });
});

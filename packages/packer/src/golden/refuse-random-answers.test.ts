import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type AttributeProto, AttributeProto_AttributeType as AttributeType } from "onnx-buf";
import { expect, test } from "vitest";
import {
  attribute,
  graph,
  model,
  modelFile,
  node,
  temporaryFolder,
  value,
} from "../onnx/onnx-model.fixture.ts";
import { pack } from "../pack.ts";

/** `y = x + scale · noise`, as speech synthesis has it. */
async function noisy(...attributes: AttributeProto[]) {
  const onnx = model(
    graph({
      input: [value("x", ["n", 16]), value("scale", [])],
      output: [value("y", ["n", 16])],
      node: [
        node("RandomNormalLike", ["x"], ["noise"], attributes),
        node("Mul", ["noise", "scale"], ["scaled"]),
        node("Add", ["x", "scaled"], ["y"]),
      ],
    }),
  );
  const registry = join(await temporaryFolder(), "registry");
  return { model: await modelFile(onnx), name: "m", version: "1.0.0", registry };
}

async function withScale(scale: number): Promise<string> {
  const path = join(await temporaryFolder(), "golden.json");
  const data = Array.from({ length: 16 }, (_, i) => i / 16);
  const x = { type: "float32", dims: [1, 16], data };
  const inputs = { x, scale: { type: "float32", dims: [], data: [scale] } };
  await writeFile(path, JSON.stringify({ cases: [{ inputs }] }));
  return path;
}

test("a model whose answers are drawn is refused, and the node named that draws", async () => {
  const golden = await withScale(0.5);
  await expect(pack({ ...(await noisy()), golden })).rejects.toMatchObject({
    code: "golden-failed",
    message: expect.stringContaining('RandomNormalLike "noise" draws random numbers'),
  });
});

test("a model may draw what does not matter to the golden answers", async () => {
  const { outcome } = await pack({ ...(await noisy()), golden: await withScale(0) });
  expect(outcome).toBe("written");
});

test("a model may draw from a seed", async () => {
  const seed = attribute("seed", { type: AttributeType.FLOAT, f: 7 });
  const { outcome } = await pack({ ...(await noisy(seed)), golden: await withScale(0.5) });
  expect(outcome).toBe("written");
});

import { writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { landeOnnx } from "../../../demo/models/lande-to-onnx.mjs";
import { type FixtureArray, npz } from "./golden/npz.fixture.ts";
import {
  addModel,
  filled,
  floats as floatTensor,
  graph,
  model,
  modelFile,
  node,
  temporaryFolder,
  value,
} from "./onnx/onnx-model.fixture.ts";
import { pack } from "./pack.ts";
import type { PackOptions } from "./pack-options.ts";
import { contentsOf } from "./registry/files.fixture.ts";
import { noise } from "./runtime/run-model.fixture.ts";
import { verify } from "./verify/verify.ts";

/** Packs a model that adds 0.5, with a golden file. */
async function packWith(
  file: string,
  content: string | Uint8Array,
  more: Partial<PackOptions> = {},
) {
  const model = await modelFile(addModel());
  const golden = join(dirname(model), file);
  await writeFile(golden, content);
  const registry = join(await temporaryFolder(), "registry");
  const packing = pack({ model, name: "m", version: "1.0.0", registry, golden, ...more });
  return { packing, contents: () => contentsOf(registry) };
}

const floats = (shape: number[], value: number): FixtureArray => ({
  descr: "<f4",
  shape,
  data: new Float32Array(shape.reduce((count, dim) => count * dim, 1)).fill(value),
});

describe("pack with a golden file", () => {
  it("records what onnxruntime-web answers to inputs that NumPy saved", async () => {
    const arrays = { x: floats([2, 512], 1), "outputs/y": floats([2, 512], 1.50001) };
    const { packing } = await packWith("golden.npz", npz(arrays));
    const { manifest } = await packing;
    expect(manifest.golden.cases).toMatchObject([
      { inputs: [{ name: "x", dims: [2, 512] }], outputs: [{ name: "y", dims: [2, 512] }] },
    ]);
    const [answer] = manifest.golden.cases[0]?.outputs ?? [];
    const own = new Uint8Array(new Float32Array(1024).fill(1.5).buffer);
    const digest = await crypto.subtle.digest("SHA-256", own);
    expect(answer?.sha256).toBe(Buffer.from(digest).toString("hex"));
  });

  it("refuses a model that does not answer as the file expects, with numbers", async () => {
    const arrays = { "0/x": floats([1, 512], 1), "0/outputs/y": floats([1, 512], 2) };
    const { packing, contents } = await packWith("golden.npz", npz(arrays));
    await expect(packing).rejects.toMatchObject({
      code: "golden-failed",
      message: expect.stringContaining(
        'case 0 as the file expects: output "y" is 1.5 instead of 2',
      ),
    });
    expect(await contents()).toEqual([]);
  });

  it("refuses inputs that are not the model's before it runs anything, and leaves no trace", async () => {
    const arrays = { x: floats([2, 513], 1) };
    const phases: string[] = [];
    const onProgress = ({ phase }: { phase: string }) => void phases.push(phase);
    const { packing, contents } = await packWith("golden.npz", npz(arrays), { onProgress });
    await expect(packing).rejects.toMatchObject({
      code: "options-invalid",
      message:
        'Golden file golden.npz: case 0: input "x" is [2, 513], and the model\'s is [any, 512].',
    });
    expect(phases).not.toContain("golden");
    expect(await contents()).toEqual([]);
  });
});

describe("pack with tolerances", () => {
  const arrays = { x: floats([1, 512], 1) };
  const own = { absolute: 0.01, relative: 0.1 };

  it("records those that are given, and what the others were derived from", async () => {
    const tolerance = { wasm: own };
    const { packing } = await packWith("golden.npz", npz(arrays), { tolerance });
    const { golden } = (await packing).manifest;
    expect(golden.tolerance).toEqual({ wasm: own, webgpu: { absolute: 0.0015, relative: 0.01 } });
    expect(golden.spread?.["webgpu"]).toBeGreaterThan(0);
  });

  it("takes what the file expects within the tolerance that is given for WASM", async () => {
    const wrong = { ...arrays, "outputs/y": floats([1, 512], 1.6) };
    const { packing } = await packWith("golden.npz", npz(wrong), { tolerance: { wasm: own } });
    expect((await packing).outcome).toBe("written");
  });

  it.each([
    [{ wasm: { absolute: 1.5, relative: 0 } }, "zeros"],
    [{ "q8/wasm": own }, "not packed"],
  ])("refuses %j and leaves no trace", async (tolerance, what) => {
    const { packing, contents } = await packWith("golden.npz", npz(arrays), { tolerance });
    await expect(packing).rejects.toMatchObject({
      code: "options-invalid",
      message: expect.stringContaining(what),
    });
    expect(await contents()).toEqual([]);
  });
});

it("packs edge cases that are made, with the scale of their answers", async () => {
  const product = model(
    graph({
      input: [value("x", ["n", 64])],
      output: [value("y", ["n", 8])],
      initializer: [
        floatTensor("w", [64, 512], noise(64 * 512)),
        floatTensor("v", [512, 8], noise(512 * 8)),
        filled("b", 8, 0.5),
      ],
      node: [
        node("MatMul", ["x", "w"], ["h"]),
        node("MatMul", ["h", "v"], ["p"]),
        node("Add", ["p", "b"], ["y"]),
      ],
    }),
  );
  const registry = join(await temporaryFolder(), "registry");
  const path = await modelFile(product);
  const { manifest } = await pack({
    model: path,
    name: "m",
    version: "1.0.0",
    registry,
    dtypes: ["fp32", "q8"],
  });
  const [typical, zeros, extremes] = manifest.golden.cases;
  expect(typical?.dtypes).toBeUndefined();
  expect(zeros?.outputs[0]?.scale).toBeUndefined();
  // Answers to extremes are hundreds of times as large, and so may be the differences.
  expect(extremes?.outputs[0]?.scale).toBeGreaterThan(50);
  expect((await verify({ name: "m", registry })).problems).toEqual([]);
});

it("holds a precision to those edge cases that it can answer, and no others", async () => {
  const folder = await temporaryFolder();
  const [path, registry] = [join(folder, "lande.onnx"), join(folder, "registry")];
  await writeFile(path, landeOnnx());
  const { manifest } = await pack({
    model: path,
    name: "lande",
    version: "1.0.0",
    registry,
    dtypes: ["fp32", "q8"],
  });
  const dtypes = manifest.golden.cases.map((golden) => golden.dtypes);
  expect(dtypes).toContainEqual(["fp32"]);
  expect(dtypes[0]).toBeUndefined();
  expect((await verify({ name: "lande", registry })).problems).toEqual([]);
});

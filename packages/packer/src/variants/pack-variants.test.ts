import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { ModelProto } from "onnx-buf";
import { beforeEach, describe, expect, test } from "vitest";
import {
  addModel,
  filled,
  floats,
  graph,
  model,
  modelFile,
  node,
  temporaryFolder,
  value,
} from "../onnx/onnx-model.fixture.ts";
import { pack } from "../pack.ts";
import type { PackableDtype } from "../quantize/recipes.ts";
import { noise } from "../runtime/run-model.fixture.ts";
import { verify } from "../verify/verify.ts";

const ALL: PackableDtype[] = ["q4f16", "q4", "q8-storage", "q8", "fp16", "fp32"];

/** `y = relu(x · w) · v`, and nothing times a table `b`, of an opset that per-channel scales came after. */
function perceptron(opset = 11n): ModelProto {
  return model(
    graph({
      input: [value("x", ["n", 128])],
      output: [value("y", ["n", 128])],
      initializer: [
        floats("w", [128, 128], noise(128 * 128)),
        floats("v", [128, 128], noise(128 * 128, 2)),
        floats("b", [512, 128], noise(512 * 128, 3)),
        floats("zero", [1], [0]),
      ],
      node: [
        node("MatMul", ["x", "w"], ["h"]),
        node("Relu", ["h"], ["r"]),
        node("MatMul", ["r", "v"], ["s"]),
        node("ReduceMean", ["s"], ["level"]),
        node("Mul", ["level", "b"], ["spread"]),
        node("ReduceMean", ["spread"], ["m"]),
        node("Mul", ["m", "zero"], ["z"]),
        node("Add", ["s", "z"], ["y"]),
      ],
    }),
    { opset },
  );
}

function identity(size: number): Float32Array {
  return Float32Array.from({ length: size * size }, (_, i) => (i % (size + 1) === 0 ? 1 : 0));
}

describe("packing several precisions", () => {
  let registry: string;
  const packing = async (onnx: ModelProto, dtypes: PackableDtype[], name = "m") =>
    pack({ model: await modelFile(onnx), name, version: "1.0.0", registry, dtypes });

  beforeEach(async () => {
    registry = join(await temporaryFolder(), "registry");
  });

  test("puts fp32 first, and says of the others where they run and what they cost", async () => {
    const { manifest, warnings } = await packing(perceptron(), ALL);
    expect(warnings).toEqual([]);
    const places = manifest.variants.map(({ dtype, backends, requires }) =>
      [dtype, ...backends, ...requires].join(" "),
    );
    expect(places).toEqual([
      "fp32 wasm webgpu",
      "fp16 webgpu shader-f16",
      "fp16 wasm webgpu",
      "q8 wasm",
      "q8-storage webgpu",
      "q4 wasm webgpu",
      "q4f16 webgpu shader-f16",
    ]);
    const [fp32, ...others] = manifest.variants;
    expect(fp32).not.toHaveProperty("error");
    expect(fp32).not.toHaveProperty("tolerance");
    for (const { error, tolerance, backends } of others) {
      expect(error?.snrDb).toBeGreaterThan(20);
      expect(error?.maxDifference).toBeGreaterThan(0);
      expect(Object.keys(tolerance ?? {})).toEqual([...backends]);
      for (const { absolute } of Object.values(tolerance ?? {}))
        expect(absolute).toBeGreaterThan(error?.maxDifference ?? Number.POSITIVE_INFINITY);
    }
    expect(await verify({ name: "m", registry })).toMatchObject({ problems: [] });
  });

  test("stores what variants have in common once", async () => {
    const { manifest } = await packing(perceptron(), ALL);
    const places = manifest.variants.map(
      ({ tensors }) => tensors.find(({ dims }) => dims.join() === "512,128")?.at,
    );
    const [fp32, half, fp16, q8, storage, q4, q4f16] = places;
    expect([q8, storage]).toEqual([fp32, fp32]);
    expect([half, q4, q4f16]).toEqual([fp16, fp16, fp16]);
    expect(fp16).not.toEqual(fp32);
  });

  test("gives the same bytes twice, in whatever order precisions are named", async () => {
    const { digest } = await packing(perceptron(), ALL);
    const again = await packing(perceptron(), [...ALL].reverse());
    expect(again).toMatchObject({ digest, outcome: "unchanged" });
  });

  test("leaves fp32 as it is without them", async () => {
    const { manifest: alone } = await packing(perceptron(), ["fp32"], "alone");
    const { manifest: among } = await packing(perceptron(), ALL, "among");
    const [a, b] = [alone.variants[0], among.variants[0]];
    expect(b?.graph.sha256).toBe(a?.graph.sha256);
    expect(among.golden.tolerance).toEqual(alone.golden.tolerance);
    expect(among.golden.cases[0]?.outputs[0]?.sha256).toBe(
      alone.golden.cases[0]?.outputs[0]?.sha256,
    );
  });

  test("packs a quantized model alone, without the bytes of fp32", async () => {
    const { manifest, bytes } = await packing(perceptron(), ["q8"]);
    const { bytes: whole } = await packing(perceptron(), ["fp32"], "whole");
    expect(manifest.variants.map(({ dtype }) => dtype)).toEqual(["q8"]);
    expect(bytes.content).toBeLessThan(whole.content);
  });

  test("refuses a precision that saves nothing, with its numbers", async () => {
    await expect(packing(addModel(filled("w", 512, 0.5)), ["q8"])).rejects.toMatchObject({
      code: "model-unsupported",
      message: expect.stringMatching(/as q8: it takes \d+ bytes, and fp32 takes \d+/),
    });
  });

  test("refuses a precision whose answers are too far off, with its numbers", async () => {
    // Differences of neighbours: all that 8 bits keep of such an activation is its offset.
    const sensitive = model(
      graph({
        input: [value("x", ["n", 64])],
        output: [value("y", ["n", 64])],
        initializer: [
          floats("offset", [1], [1e4]),
          floats(
            "w",
            [64, 64],
            Float32Array.from({ length: 64 * 64 }, (_, i) => {
              const [row, column] = [Math.floor(i / 64), i % 64];
              return row === column ? 1 : row === (column + 1) % 64 ? -1 : 0;
            }),
          ),
        ],
        node: [node("Add", ["x", "offset"], ["s"]), node("MatMul", ["s", "w"], ["y"])],
      }),
    );
    await expect(packing(sensitive, ["fp32", "q8"])).rejects.toMatchObject({
      code: "model-unsupported",
      message: expect.stringMatching(/as q8: .* dB from those of fp32, off by up to/),
    });
  });

  test("refuses weights that are NaN, naming one", async () => {
    const onnx = perceptron();
    const weights = noise(128 * 128);
    weights[5] = Number.NaN;
    onnx.graph?.initializer.push(floats("spare", [128, 128], weights));
    onnx.graph?.node.splice(
      -1,
      1,
      node("Less", ["level", "level"], ["never"]),
      node("Where", ["never", "spare", "z"], ["nothing"]),
      node("ReduceMean", ["nothing"], ["none"]),
      node("Add", ["s", "none"], ["y"]),
    );
    await expect(packing(onnx, ["fp32", "fp16"])).rejects.toMatchObject({
      code: "model-invalid",
      message: expect.stringContaining('Weight "spare" is NaN at element 5'),
    });
  });

  test("warns of a node that keeps the opset where it is, and makes what does without", async () => {
    const onnx = perceptron(10n);
    onnx.graph?.initializer.push(floats("scales", [2], [1, 0.5]));
    const nodes = onnx.graph?.node ?? [];
    const reader = nodes.findIndex(({ output }) => output.includes("m"));
    nodes.splice(
      reader,
      1,
      node("Resize", ["spread", "scales"], ["shrunk"]),
      node("ReduceMean", ["shrunk"], ["m"]),
    );
    const { manifest, warnings } = await packing(onnx, ["fp32", "fp16"]);
    expect(manifest.variants.map(({ dtype }) => dtype)).toEqual(["fp32", "fp16", "fp16"]);
    expect(warnings).toEqual([
      expect.stringMatching(/^The opset was left as it is.*Resize "shrunk" has no equal/),
    ]);
  });

  test("two variants that differ in what they compute in share every weight", async () => {
    const { manifest } = await packing(perceptron(), ALL);
    const weightsOf = (dtype: PackableDtype) =>
      manifest.variants
        .filter((variant) => variant.dtype === dtype)
        .map(({ tensors }) => tensors.map(({ sha256 }) => sha256).sort());
    const [half, full] = weightsOf("fp16");
    expect(half).toEqual(full);
    expect(weightsOf("q4f16")).toEqual(weightsOf("q4"));
  });

  test("a graph in float16 that is too far off is left out with a warning, and fp16 is packed without it", async () => {
    // Inside float16's range, and as good as nothing is left of x.
    const cancelling = model(
      graph({
        input: [value("x", ["n", 64])],
        output: [value("y", ["n", 64])],
        initializer: [floats("offset", [1], [8192]), floats("w", [64, 64], identity(64))],
        node: [
          node("Add", ["x", "offset"], ["s"]),
          node("Sub", ["s", "offset"], ["d"]),
          node("MatMul", ["d", "w"], ["y"]),
        ],
      }),
    );
    const { manifest, warnings } = await packing(cancelling, ["fp16"]);
    expect(manifest.variants.map(({ requires }) => requires)).toEqual([[]]);
    expect(warnings).toEqual([
      expect.stringMatching(/^The fp16 graph for devices with shader-f16 was left out\. .* dB/),
    ]);
  });

  describe("within a bound on the error", () => {
    /** Of two matrices the second is hard to quantize: a few large weights set the steps of each column. */
    function uneven(): ModelProto {
      const onnx = perceptron();
      const weights = noise(128 * 128, 2).map((weight, i) =>
        i % 1031 === 0 ? 40 * weight : weight,
      );
      if (onnx.graph) onnx.graph.initializer[1] = floats("v", [128, 128], weights);
      return onnx;
    }
    const packWithin = async (maxError: number, dtypes: PackableDtype[] = ["fp32", "q8"]) =>
      pack({
        model: await modelFile(uneven()),
        name: "m",
        version: "1.0.0",
        registry,
        dtypes,
        maxError,
      });

    test("keeps the worst weight in float16, and says which", async () => {
      const loose = await packWithin(0.5);
      expect(loose.manifest.variants[1]).not.toHaveProperty("kept");
      registry = join(await temporaryFolder(), "registry");
      const tight = await packWithin(0.01);
      const [, q8] = tight.manifest.variants;
      expect(q8?.kept).toEqual(["v"]);
      expect(q8?.error?.snrDb).toBeGreaterThanOrEqual(40);
      expect(q8?.tensors.map(({ name, dtype }) => [name, dtype])).toContainEqual([
        "v/f16",
        "float16",
      ]);
      expect(await verify({ name: "m", registry })).toMatchObject({ problems: [] });
    });

    test("refuses a precision that cannot be brought within it, with its numbers", async () => {
      await expect(packWithin(1e-6)).rejects.toMatchObject({
        code: "model-unsupported",
        message: expect.stringMatching(
          /as q8: its error .* \(\d+\.\d+ dB\), keeping every weight .* 0\.000001/,
        ),
      });
      await expect(packWithin(1e-6, ["fp16"])).rejects.toMatchObject({
        code: "model-unsupported",
        message: expect.stringMatching(/as fp16: its error .* dB\), and 0\.000001/),
      });
    });

    test.each([0, -1, Number.NaN, 1])(
      "refuses %d as a bound before anything is read",
      async (maxError) => {
        await expect(packWithin(maxError)).rejects.toMatchObject({ code: "options-invalid" });
      },
    );
  });

  test("manifests hold no trace of the machine that packed", async () => {
    await packing(perceptron(), ALL);
    const text = await readFile(join(registry, "m/1.0.0/manifest.json"), "utf8");
    expect(text).not.toContain(registry);
  });
});

import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import {
  applyTensorDelta,
  type BlobRef,
  blobsOf,
  type Dtype,
  deltaBlobs,
  type Manifest,
  sha256,
} from "@selvedge/protocol";
import { AttributeProto_AttributeType as AttributeType, type ModelProto } from "onnx-buf";
import { beforeEach, describe, expect, test } from "vitest";
import { diff } from "./diff.ts";
import {
  attribute,
  DataType,
  floats,
  graph,
  model,
  modelFile,
  node,
  temporaryFolder,
  value,
} from "./onnx/onnx-model.fixture.ts";
import { pack } from "./pack.ts";
import { fineTune } from "./quantize/fine-tune.fixture.ts";
import type { PackableDtype } from "./quantize/recipes.ts";
import { noise } from "./runtime/run-model.fixture.ts";
import { verify } from "./verify/verify.ts";

/** `y = relu(x · w) · v + b`; the scales of `w` ride in the graph, those of `v` lie beside it. */
function perceptron(): ModelProto {
  return model(
    graph({
      input: [value("x", ["n", 64])],
      output: [value("y", ["n", 1024])],
      initializer: [
        floats("w", [64, 128], noise(64 * 128)),
        floats("v", [128, 1024], noise(128 * 1024, 2)),
        floats("b", [1024], noise(1024, 3)),
      ],
      node: [
        node("MatMul", ["x", "w"], ["h"]),
        node("Relu", ["h"], ["r"]),
        node("MatMul", ["r", "v"], ["s"]),
        node("Add", ["s", "b"], ["y"]),
      ],
    }),
  );
}

/** A weight for every way in which one is quantized in q8: 32 + 32 + 1024 + 16 + 16 scales. */
function everyOperator(): ModelProto {
  const integer = (name: string, i: number) =>
    attribute(name, { type: AttributeType.INT, i: BigInt(i) });
  const alpha = attribute("alpha", { type: AttributeType.FLOAT, f: 1.02 });
  const weight = (name: string, dims: number[]) =>
    floats(name, dims, noise(dims.reduce((product, size) => product * size)));
  return model(
    graph({
      input: [value("x", [1, 8, 8, 8]), value("ids", [4], DataType.INT64)],
      output: [value("y"), value("z"), value("scaled")],
      initializer: [
        weight("conv", [32, 8, 3, 3]),
        weight("depthwise", [32, 1, 3, 3]),
        weight("table", [1024, 64]),
        weight("gemm", [16, 64]),
        weight("with alpha", [64, 16]),
      ],
      node: [
        node("Conv", ["x", "conv"], ["c"]),
        node("Conv", ["c", "depthwise"], ["y"], [integer("group", 32)]),
        node("Gather", ["table", "ids"], ["rows"]),
        node("Gemm", ["rows", "gemm"], ["z"], [integer("transB", 1)]),
        node("Gemm", ["rows", "with alpha"], ["scaled"], [alpha]),
      ],
    }),
  );
}

describe("packing a fine-tuned version of a quantized base", () => {
  let registry: string;
  const packAs = async (
    version: string,
    onnx: ModelProto,
    dtypes: PackableDtype[],
    base?: string,
  ) => pack({ model: await modelFile(onnx), name: "m", version, registry, dtypes, base });
  const read = async ({ segments }: Manifest, { at }: BlobRef) =>
    new Uint8Array(
      (await readFile(join(registry, `m/segments/${segments[at.segment]?.sha256}.bin`))).subarray(
        at.offset,
        at.offset + at.length,
      ),
    );
  const tensorsOf = ({ variants }: Manifest, dtype: Dtype) =>
    new Map(
      variants
        .find((variant) => variant.dtype === dtype)
        ?.tensors.map((tensor) => [tensor.name, tensor]),
    );

  beforeEach(async () => {
    registry = join(await temporaryFolder(), "registry");
  });

  test.each(["q8", "q8-storage"] as const)(
    "keeps the scales of %s, those in the graph and those beside it",
    async (dtype) => {
      const first = await packAs("1.0.0", perceptron(), [dtype]);
      const tuned = await packAs("1.1.0", fineTune(perceptron()), [dtype], "1.0.0");
      expect(first).not.toHaveProperty("scales");
      expect(tuned.scales).toEqual([{ dtype, all: 128 + 1024, kept: 128 + 1024 }]);
      const [before, after] = [first, tuned].map(({ manifest }) => tensorsOf(manifest, dtype));
      expect(after?.get("v/s")?.sha256).toBe(before?.get("v/s")?.sha256);
      expect((await verify({ name: "m", registry })).problems).toEqual([]);
      const { fetched, full } = await diff({
        name: "m",
        from: "1.0.0",
        to: "1.1.0",
        registry,
        dtype,
      });
      expect(fetched).toBeLessThan(0.12 * full);
    },
  );

  test("keeps scales of every operator, but for those that hold a factor of their own", async () => {
    await packAs("1.0.0", everyOperator(), ["q8"]);
    const { scales } = await packAs("1.1.0", fineTune(everyOperator(), 1e-4), ["q8"], "1.0.0");
    expect(scales).toEqual([{ dtype: "q8", all: 1120, kept: 1104 }]);
  });

  test("leads through deltas to the bytes that a device without the base fetches", async () => {
    const older = await packAs("1.0.0", perceptron(), ["fp32", "q8"]);
    const { manifest } = await packAs("1.1.0", fineTune(perceptron()), ["fp32", "q8"], "1.0.0");
    const held = new Map(blobsOf(older.manifest).map((blob) => [blob.sha256, blob]));
    const deltas = deltaBlobs(manifest);
    expect(deltas.map(({ name }) => name)).toEqual(expect.arrayContaining(["w/u8", "v/u8"]));
    for (const blob of deltas) {
      const base = held.get(blob.delta.base);
      if (base === undefined) expect.fail(`the base of ${blob.name} is not in the older version`);
      const delta = gunzipSync(await read(manifest, blob.delta));
      const made = applyTensorDelta(blob.dtype, await read(older.manifest, base), delta);
      expect(await sha256(made)).toBe(blob.sha256);
    }
  });

  test("gives the same bytes again, and says that nothing changed", async () => {
    await packAs("1.0.0", perceptron(), ["q8"]);
    const first = await packAs("1.1.0", fineTune(perceptron()), ["q8"], "1.0.0");
    const again = await packAs("1.1.0", fineTune(perceptron()), ["q8"], "1.0.0");
    expect(again).toMatchObject({
      outcome: "unchanged",
      digest: first.digest,
      scales: first.scales,
    });
  });

  test("keeps none for weights that became others, or that the base has in no such precision", async () => {
    await packAs("1.0.0", perceptron(), ["q8"]);
    const others = perceptron();
    others.graph?.initializer.splice(
      1,
      1,
      floats(
        "v",
        [128, 1024],
        noise(128 * 1024, 9).map((v) => v / 2),
      ),
    );
    const changed = await packAs("1.1.0", others, ["q8"], "1.0.0");
    expect(changed.scales).toEqual([{ dtype: "q8", all: 128 + 1024, kept: 128 }]);
    const other = await packAs("1.2.0", perceptron(), ["fp16", "q8-storage"], "1.0.0");
    expect(other.scales).toEqual([{ dtype: "q8-storage", all: 128 + 1024, kept: 0 }]);
  });

  test("quantizes all weights anew, and says so, where the base's scales cost too much", async () => {
    // Whole multiples of a step are exact with scales of their own, and only with those.
    const whole = (count: number, size: number) =>
      Float32Array.from({ length: count }, (_, i) => (((i * 37) % 255) - 127) * size);
    const exact = (size: number) => {
      const onnx = perceptron();
      const weights = [
        floats("w", [64, 128], whole(64 * 128, size)),
        floats("v", [128, 1024], whole(128 * 1024, size)),
      ];
      onnx.graph?.initializer.splice(0, 2, ...weights);
      return onnx;
    };
    await packAs("1.0.0", exact(1), ["q8-storage"]);
    const { scales, warnings } = await packAs("1.1.0", exact(0.97), ["q8-storage"], "1.0.0");
    expect(scales).toEqual([{ dtype: "q8-storage", all: 128 + 1024, kept: 0 }]);
    expect(warnings).toEqual([expect.stringMatching(/^q8-storage has scales of its own.* dB/)]);
  });

  test("refuses a base of which the scales are damaged, and writes nothing", async () => {
    const { manifest } = await packAs("1.0.0", perceptron(), ["q8"]);
    const scales = tensorsOf(manifest, "q8").get("v/s")?.at;
    const file = join(
      registry,
      `m/segments/${manifest.segments[scales?.segment ?? 9]?.sha256}.bin`,
    );
    const bytes = await readFile(file);
    bytes.fill(1, scales?.offset, (scales?.offset ?? 0) + 4);
    await writeFile(file, bytes);
    await expect(packAs("1.1.0", fineTune(perceptron()), ["q8"], "1.0.0")).rejects.toMatchObject({
      code: "registry-invalid",
    });
    expect(await readdir(join(registry, "m"))).toEqual(["1.0.0", "segments"]);
  });
});

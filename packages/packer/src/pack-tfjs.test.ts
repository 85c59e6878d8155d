import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { elementCount, parseTfjsModel } from "@selvedge/protocol";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { bytesFrom, elementsOf } from "./named-tensor.ts";
import { temporaryFolder } from "./onnx/onnx-model.fixture.ts";
import { pack } from "./pack.ts";
import type { PackOptions, PackResult } from "./pack-options.ts";
import { toFloat16 } from "./quantize/to-float16.ts";
import { BlobSource } from "./registry/blob-source.ts";
import { ModelFolder } from "./registry/registry.ts";
import { checkReleaseTests } from "./release-tests/check-release-tests.ts";
import { openTfjsSession } from "./runtime/tfjs-runtime.ts";
import { withRuntime } from "./runtime/with-runtime.ts";
import { openTfjsModel } from "./sources/tfjs-folder.ts";
import { splitTfjsModel } from "./tfjs/split-tfjs-model.ts";
import {
  denseRelu,
  graphModel,
  layersModel,
  ramp,
  type TfjsFixture,
  tfjsFile,
} from "./tfjs/tfjs-model.fixture.ts";
import { checkBlobs } from "./verify/check-blobs.ts";
import { verify } from "./verify/verify.ts";

/** Answers of a session to one input, of which it makes the first output. */
async function answer(
  session: Awaited<ReturnType<typeof openTfjsSession>>,
  dims: number[],
): Promise<number[]> {
  const [input] = session.declared.inputs;
  const values = Array.from(ramp(elementCount(dims)));
  const bytes = bytesFrom("float32", values);
  const outputs = await session.run([{ name: input?.name ?? "", dtype: "float32", dims, bytes }]);
  return outputs.flatMap((output) => Array.from(elementsOf(output), Number));
}

describe("packing a model of TensorFlow.js", () => {
  let registry: string;
  const packed = async (
    fixture: TfjsFixture,
    more: Partial<PackOptions> = {},
  ): Promise<PackResult> =>
    pack({ model: await tfjsFile(fixture), name: "m", version: "1.0.0", registry, ...more });

  beforeEach(async () => {
    registry = join(await temporaryFolder(), "registry");
  });

  it("makes a variant for the engine tfjs, its weights as tensors, its signature from the model's", async () => {
    const { manifest } = await packed(graphModel());
    expect(manifest).toMatchObject({
      provenance: { tools: { "@tensorflow/tfjs-core": "4.22.0" } },
      signature: {
        inputs: [{ name: "x", dtype: "float32", dims: [-1, 32] }],
        outputs: [{ name: "y", dtype: "float32", dims: [-1, 16] }],
      },
      variants: [{ dtype: "fp32", engine: "tfjs", backends: ["wasm"] }],
    });
    expect(manifest.provenance.tools).not.toHaveProperty("onnxruntime-web");
    expect(manifest.variants[0]?.tensors).toMatchObject([
      { name: "w", dtype: "float32", dims: [32, 16], bytes: 2048 },
    ]);
  });

  it.each([
    ["graph", async () => graphModel()],
    ["layers", layersModel],
  ])("gives packs of %s models that verify, the same from the same files", async (_kind, make) => {
    const fixture = await make();
    const first = await packed(fixture);
    expect(await verify({ name: "m", registry })).toMatchObject({ problems: [] });
    registry = join(await temporaryFolder(), "registry");
    expect((await packed(fixture)).digest).toBe(first.digest);
  });

  it("says nothing in the terminal", async () => {
    const spies = (["log", "warn", "info", "error"] as const).map((name) =>
      vi.spyOn(console, name),
    );
    await packed(graphModel());
    for (const spy of spies) expect(spy).not.toHaveBeenCalled();
    vi.restoreAllMocks();
  });

  it("stores what versions share once", async () => {
    const fixture = graphModel();
    await packed(fixture);
    const shards = { ...fixture.shards };
    // The bias, which rides in the graph.
    shards["group1-shard2of2.bin"] = (shards["group1-shard2of2.bin"] ?? new Uint8Array()).map(
      (byte, i, { length }) => (i === length - 2 ? byte ^ 1 : byte),
    );
    const { bytes, manifest } = await packed({ ...fixture, shards }, { version: "1.1.0" });
    expect(manifest.segments).toHaveLength(2);
    expect(bytes.content - bytes.written).toBeGreaterThanOrEqual(2048);
  });

  it("is tested before it is packed, and held to what came of it from then on", async () => {
    const data = Array.from(ramp(32));
    const expecting = async (y: number[]): Promise<string> => {
      const outputs = { y: { type: "float32", dims: [1, 16], data: y } };
      const cases = [{ inputs: { x: { type: "float32", dims: [1, 32], data } }, outputs }];
      const path = join(await temporaryFolder(), "cases.json");
      await writeFile(path, JSON.stringify({ cases }));
      return path;
    };
    const metrics = [{ metric: "rmse" as const, max: 0.001 }];
    const wrong = await expecting(denseRelu(data).map((value) => value + 1));
    await expect(packed(graphModel(), { evaluation: wrong, metrics })).rejects.toMatchObject({
      code: "tests-failed",
    });

    const evaluation = await expecting(denseRelu(data));
    const { manifest } = await packed(graphModel(), { evaluation, metrics });
    const folder = new ModelFolder(registry, "m");
    const { contents } = await checkBlobs(folder, manifest, await BlobSource.open(folder));
    const problems = (rmse: number) => {
      const variants = manifest.variants.map((each) => ({ ...each, metrics: { rmse } }));
      return checkReleaseTests({ manifest: { ...manifest, variants }, contents }, { evaluation });
    };
    expect(await problems(manifest.variants[0]?.metrics?.["rmse"] ?? Number.NaN)).toEqual([]);
    expect(await problems(0.5)).toMatchObject([{ part: "tests" }]);
  });

  it.each([
    ["an operator", async () => graphModel("MyOwnOp"), "MyOwnOp"],
    [
      "a layer",
      async () => {
        const fixture = await layersModel();
        const text = JSON.stringify(fixture.model).replace("GlobalAveragePooling2D", "MyOwnLayer");
        return { ...fixture, model: JSON.parse(text) };
      },
      "MyOwnLayer",
    ],
  ])("names %s that TensorFlow.js does not have, and writes nothing", async (_what, make, name) => {
    await expect(packed(await make())).rejects.toMatchObject({
      code: "model-unsupported",
      message: expect.stringContaining(name),
    });
    expect(await readdir(registry).catch(() => [])).toEqual([]);
  });

  it("refuses weights that do not fit the layers", async () => {
    const fixture = await layersModel();
    const text = JSON.stringify(fixture.model).replace('"units":4', '"units":5');
    await expect(packed({ ...fixture, model: JSON.parse(text) })).rejects.toMatchObject({
      code: "model-unsupported",
      message: expect.stringContaining("TensorFlow.js cannot load the model"),
    });
  });

  it("refuses a topology that is nested too deeply, in one line", async () => {
    const fixture = graphModel();
    const path = await tfjsFile(fixture);
    const { model, original } = await openTfjsModel(path);
    let deep: Record<string, unknown> = {};
    for (let i = 0; i < 100_000; i++) deep = { deep };
    await expect(
      splitTfjsModel({ ...model, modelTopology: deep }, original.weights),
    ).rejects.toMatchObject({ code: "model-invalid", message: expect.stringContaining("deeply") });
  });
});

describe("a model in TensorFlow.js", () => {
  it("answers alike as it lies in its folder and taken apart", async () => {
    for (const [fixture, dims] of [
      [graphModel(), [3, 32]],
      [await layersModel(), [2, 8, 8, 3]],
    ] as const) {
      const { model, original } = await openTfjsModel(await tfjsFile(fixture));
      const whole = await openTfjsSession(original);
      const { graph, tensors } = await splitTfjsModel(model, original.weights);
      const weights = new Map(tensors.map(({ sha256, bytes }) => [sha256, bytes]));
      const apart = await openTfjsSession({ graph, weights });
      const expected = await answer(whole, [...dims]);
      expect(await answer(apart, [...dims])).toEqual(expected);
      expect(new Set(expected).size).toBeGreaterThan(4);
      await whole.close();
      await apart.close();
    }
  });

  it("computes what its graph says", async () => {
    const { original } = await openTfjsModel(await tfjsFile(graphModel()));
    const session = await openTfjsSession(original);
    const answers = await answer(session, [1, 32]);
    await session.close();
    for (const [i, value] of denseRelu(ramp(32)).entries())
      expect(answers[i]).toBeCloseTo(value, 5);
  });

  it("answers with what is wanted alone", async () => {
    const { original } = await openTfjsModel(await tfjsFile(graphModel()));
    const session = await openTfjsSession(original);
    const bytes = bytesFrom("float32", Array.from(ramp(32)));
    const input = { name: "x", dtype: "float32", dims: [1, 32], bytes } as const;
    expect(await session.run([input], ["y"])).toMatchObject([{ name: "y", dims: [1, 16] }]);
    expect(await session.run([input], [])).toEqual([]);
    await session.close();
  });

  it("keeps quantized weights as they are stored, and answers with what they stand for", async () => {
    const fixture = graphModel();
    const bytes = Buffer.concat(Object.values(fixture.shards));
    const weight = new Float32Array(new Uint8Array(bytes).buffer, 0, 32 * 16);
    const half = toFloat16(weight);
    const weightsManifest = [
      {
        paths: ["all.bin"],
        weights: [
          { name: "w", shape: [32, 16], dtype: "float32", quantization: { dtype: "float16" } },
          { name: "b", shape: [16], dtype: "float32" },
        ],
      },
    ];
    const all = Buffer.concat([new Uint8Array(half.buffer), bytes.subarray(2048)]);
    const path = await tfjsFile({
      model: { ...fixture.model, weightsManifest },
      shards: { "all.bin": all },
    });
    const { model, original } = await openTfjsModel(path);
    const { graph, tensors } = await splitTfjsModel(model, original.weights);
    const [weight16] = parseTfjsModel(new TextDecoder().decode(graph)).weightsManifest.flatMap(
      (group) => group.weights,
    );
    expect(weight16).toMatchObject({ name: "w", quantization: { dtype: "float16" } });
    const weights = new Map(tensors.map(({ sha256, bytes: content }) => [sha256, content]));
    const session = await openTfjsSession({ graph, weights });
    const answers = await answer(session, [1, 32]);
    await session.close();
    for (const [i, value] of denseRelu(ramp(32)).entries())
      expect(answers[i]).toBeCloseTo(value, 2);
  });

  it("is given up where it never answers", async () => {
    const { model, ...fixture } = graphModel();
    const endless = { ...model, modelTopology: endlessTopology(), weightsManifest: [] };
    const { original } = await openTfjsModel(await tfjsFile({ ...fixture, model: endless }));
    await withRuntime({}, async () => {
      // Starts the thread, which takes a while and is no part of what is timed.
      await (await openTfjsSession(original)).close();
      await withRuntime({ timeoutMs: 2000 }, async () => {
        const session = await openTfjsSession(original);
        await expect(answer(session, [1, 32])).rejects.toMatchObject({
          code: "golden-failed",
          message: expect.stringContaining("did not answer within 2 s"),
        });
      });
    });
  });
});

/** A loop that hands its input on for ever. */
function endlessTopology(): Record<string, unknown> {
  const float = { type: "DT_FLOAT" };
  const arg = (name: string, type = "DT_FLOAT") => ({ name, type });
  const shape = { shape: { dim: [{ size: "-1" }, { size: "32" }] } };
  return {
    node: [
      { name: "x", op: "Placeholder", attr: { dtype: float, shape } },
      {
        name: "loop",
        op: "StatelessWhile",
        input: ["x"],
        attr: {
          T: { list: { type: ["DT_FLOAT"] } },
          cond: { func: { name: "go" } },
          body: { func: { name: "on" } },
        },
      },
      { name: "Identity", op: "Identity", input: ["loop"], attr: { T: float } },
    ],
    library: {
      function: [
        {
          signature: { name: "go", inputArg: [arg("v")], outputArg: [arg("again", "DT_BOOL")] },
          nodeDef: [{ name: "yes", op: "Equal", input: ["v", "v"], attr: { T: float } }],
          ret: { again: "yes:output:0" },
        },
        {
          signature: { name: "on", inputArg: [arg("v")], outputArg: [arg("same")] },
          nodeDef: [{ name: "next", op: "Identity", input: ["v"], attr: { T: float } }],
          ret: { same: "next:output:0" },
        },
      ],
    },
    versions: { producer: 440 },
  };
}

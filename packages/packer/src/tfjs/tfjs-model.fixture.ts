import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { io } from "@tensorflow/tfjs-core";
import { temporaryFolder } from "../onnx/onnx-model.fixture.ts";

/** A model as it lies in a folder: its `model.json`, and the bytes of each file beside it. */
export interface TfjsFixture {
  readonly model: Record<string, unknown>;
  readonly shards: Readonly<Record<string, Uint8Array>>;
}

/** Numbers from −1 to 1, the same for the same count. */
export function ramp(count: number): Float32Array {
  return Float32Array.from({ length: count }, (_, i) => Math.sin(i * 0.7) * (1 - i / (2 * count)));
}

const WEIGHT = ramp(32 * 16);
const BIAS = ramp(16);

/** What `graphModel` answers to one row. */
export function denseRelu(row: ArrayLike<number>): number[] {
  return Array.from(BIAS, (bias, column) => {
    let sum = bias;
    for (let i = 0; i < 32; i++) sum += (row[i] ?? 0) * (WEIGHT[i * 16 + column] ?? 0);
    return Math.max(0, sum);
  });
}

/**
 * `y = relu(x · w + b)` as a graph model. `w` is just large enough to leave the graph, and the bytes
 * lie in two shards, one of which ends in the middle of it.
 *
 * @param act what stands in place of Relu
 * @param product with what the product is made: the wasm of TensorFlow.js has no Einsum
 */
export function graphModel(act = "Relu", product: "MatMul" | "Einsum" = "MatMul"): TfjsFixture {
  const float = { type: "DT_FLOAT" };
  const shape = (...sizes: number[]) => ({ dim: sizes.map((size) => ({ size: String(size) })) });
  const constant = (name: string) => ({ name, op: "Const", attr: { dtype: float } });
  const info = (name: string, width: number) => ({
    name: `${name}:0`,
    dtype: "DT_FLOAT",
    tensorShape: shape(-1, width),
  });
  const equation = product === "Einsum" ? { equation: { s: btoa("ij,jk->ik") } } : {};
  const placeholder = { dtype: float, shape: { shape: shape(-1, 32) } };
  const bytes = new Uint8Array(Float32Array.of(...WEIGHT, ...BIAS).buffer);
  return {
    model: {
      format: "graph-model",
      generatedBy: "test",
      signature: { inputs: { x: info("x", 32) }, outputs: { y: info("Identity", 16) } },
      modelTopology: {
        node: [
          { name: "x", op: "Placeholder", attr: placeholder },
          constant("w"),
          constant("b"),
          { name: "product", op: product, input: ["x", "w"], attr: { T: float, ...equation } },
          { name: "sum", op: "AddV2", input: ["product", "b"], attr: { T: float } },
          { name: "act", op: act, input: ["sum"], attr: { T: float } },
          { name: "Identity", op: "Identity", input: ["act"], attr: { T: float } },
        ],
        versions: { producer: 440 },
      },
      weightsManifest: [
        {
          paths: ["group1-shard1of2.bin", "group1-shard2of2.bin"],
          weights: [
            { name: "w", shape: [32, 16], dtype: "float32" },
            { name: "b", shape: [16], dtype: "float32" },
          ],
        },
      ],
    },
    shards: {
      "group1-shard1of2.bin": bytes.subarray(0, 1000),
      "group1-shard2of2.bin": bytes.subarray(1000),
    },
  };
}

/** A small picture classifier as a layers model, saved by TensorFlow.js itself. */
export async function layersModel(): Promise<TfjsFixture> {
  const [{ env, io: tfio }, layers] = await Promise.all([
    import("@tensorflow/tfjs-core"),
    import("@tensorflow/tfjs-layers"),
    import("@tensorflow/tfjs-backend-cpu"),
  ]);
  // Else it tells whoever uses the terminal that there is another package for Node.
  env().set("PROD", true);
  const kernelInitializer = layers.initializers.glorotUniform({ seed: 7 });
  const model = layers.sequential({
    layers: [
      layers.layers.conv2d({
        inputShape: [8, 8, 3],
        filters: 12,
        kernelSize: 3,
        activation: "relu",
        kernelInitializer,
      }),
      layers.layers.globalAveragePooling2d({}),
      layers.layers.dense({ units: 4, activation: "softmax", kernelInitializer }),
    ],
  });
  let saved: io.ModelArtifacts = {};
  await model.save(
    tfio.withSaveHandler(async (artifacts) => {
      saved = artifacts;
      return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: "JSON" } };
    }),
  );
  model.dispose();
  const { modelTopology, weightSpecs, weightData } = saved;
  const bytes = tfio.CompositeArrayBuffer.join(weightData);
  return {
    model: {
      format: "layers-model",
      modelTopology,
      weightsManifest: [{ paths: ["weights.bin"], weights: weightSpecs }],
    },
    shards: { "weights.bin": new Uint8Array(bytes) },
  };
}

/** Writes a model into a new folder and says where its `model.json` is. */
export async function tfjsFile({ model, shards }: TfjsFixture): Promise<string> {
  const folder = await temporaryFolder();
  for (const [name, bytes] of Object.entries(shards)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), bytes);
  }
  const path = join(folder, "model.json");
  await writeFile(path, JSON.stringify(model));
  return path;
}

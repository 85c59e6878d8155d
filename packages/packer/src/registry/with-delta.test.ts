import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { applyTensorDelta, type BlobRef, type Manifest } from "@selvedge/protocol";
import { beforeEach, describe, expect, it } from "vitest";
import {
  addModel,
  filled,
  floats,
  modelFile,
  temporaryFolder,
} from "../onnx/onnx-model.fixture.ts";
import { pack } from "../pack.ts";
import { verify } from "../verify/verify.ts";

const WEIGHTS = Float32Array.from({ length: 512 }, (_, i) => Math.sin(i * 7919));
const NUDGED = WEIGHTS.map((weight, i) => weight * (1 + 1e-6 * (i % 5)));
const OTHERS = WEIGHTS.map((_, i) => Math.cos(i * 104_729) * 10 ** (i % 9));

describe("pack with a base", () => {
  let registry: string;

  beforeEach(async () => {
    registry = await temporaryFolder();
    await packAs("1.0.0", WEIGHTS);
  });

  const packAs = async (version: string, weights: Float32Array, base?: string) =>
    pack({
      model: await modelFile(addModel(floats("w", [512], weights))),
      name: "m",
      version,
      registry,
      base,
    });
  const read = async ({ segments }: Manifest, { at }: BlobRef) =>
    (await readFile(join(registry, `m/segments/${segments[at.segment]?.sha256}.bin`))).subarray(
      at.offset,
      at.offset + at.length,
    );
  const tensorOf = (manifest: Manifest) => {
    const [tensor] = manifest.variants[0]?.tensors ?? [];
    if (tensor === undefined) throw new Error("the model has no tensor");
    return tensor;
  };

  it("writes deltas that lead from the base to the tensor, beside the tensor itself", async () => {
    const older = (await packAs("1.0.0", WEIGHTS)).manifest;
    const { manifest } = await packAs("1.1.0", NUDGED, "1.0.0");
    const { delta, ...tensor } = tensorOf(manifest);
    if (delta === undefined) throw new Error("there is no delta");
    expect(delta).toMatchObject({ base: tensorOf(older).sha256, codec: "sub-zz-shuf+gzip" });
    expect(delta.bytes).toBeLessThan(0.7 * tensor.bytes);
    const undone = applyTensorDelta(
      "float32",
      await read(older, tensorOf(older)),
      gunzipSync(await read(manifest, delta)),
    );
    expect(undone).toEqual(new Uint8Array(NUDGED.buffer));
    expect(new Uint8Array(await read(manifest, tensor))).toEqual(undone);
    expect((await verify({ name: "m", registry })).problems).toEqual([]);
  });

  it("keeps deltas out of the segment that a fresh install reads", async () => {
    const { manifest } = await packAs("1.1.0", NUDGED, "1.0.0");
    const { at, delta } = tensorOf(manifest);
    expect(delta?.at.segment).not.toBe(at.segment);
    const plain = await packAs("1.2.0", OTHERS);
    expect(tensorOf(plain.manifest).delta).toBeUndefined();
  });

  it("covers graphs and golden answers, which change with the weights", async () => {
    const { manifest } = await packAs("1.1.0", NUDGED, "1.0.0");
    const [variant] = manifest.variants;
    const [golden] = manifest.golden.cases;
    expect(variant?.graph.delta?.bytes).toBeLessThan(0.5 * (variant?.graph.bytes ?? 0));
    expect(golden?.inputs[0]?.delta).toBeUndefined();
    expect(golden?.outputs[0]?.delta?.bytes).toBeLessThan(0.7 * (golden?.outputs[0]?.bytes ?? 0));
  });

  it("writes none where it would save too little, and none where nothing changed", async () => {
    const { manifest } = await packAs("1.1.0", OTHERS, "1.0.0");
    expect(tensorOf(manifest).delta).toBeUndefined();
    const same = await packAs("1.2.0", WEIGHTS, "1.0.0");
    expect(tensorOf(same.manifest).delta).toBeUndefined();
    expect(same.bytes.written).toBe(0);
  });

  it("writes none between tensors of other dims", async () => {
    const wide = addModel(filled("w", 512, 0.5));
    const [w] = wide.graph?.initializer ?? [];
    if (w !== undefined) w.dims = [1n, 512n];
    const path = await modelFile(wide);
    const { manifest } = await pack({
      model: path,
      name: "m",
      version: "1.1.0",
      registry,
      base: "1.0.0",
    });
    expect(tensorOf(manifest)).toMatchObject({ dims: [1, 512] });
    expect(tensorOf(manifest).delta).toBeUndefined();
  });

  it("gives the same bytes again, and says that nothing changed", async () => {
    const first = await packAs("1.1.0", NUDGED, "1.0.0");
    await packAs("0.9.0", NUDGED, "1.0.0");
    const again = await packAs("1.1.0", NUDGED, "1.0.0");
    expect(again).toMatchObject({ outcome: "unchanged", digest: first.digest });
  });

  it("finds a flipped bit in a delta", async () => {
    const { manifest } = await packAs("1.1.0", NUDGED, "1.0.0");
    const { delta } = tensorOf(manifest);
    const digest = manifest.segments[delta?.at.segment ?? 9]?.sha256;
    const file = join(registry, `m/segments/${digest}.bin`);
    const bytes = await readFile(file);
    const at = (delta?.at.offset ?? 0) + 20;
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    await writeFile(file, bytes);
    const { problems } = await verify({ name: "m", version: "1.1.0", registry });
    expect(problems).toContainEqual(
      expect.objectContaining({ part: "delta", message: expect.stringContaining('Delta of "w"') }),
    );
  });

  it("names the versions there are where the base is not among them", async () => {
    await expect(packAs("1.1.0", NUDGED, "0.5.0")).rejects.toMatchObject({
      code: "not-found",
      message: expect.stringContaining("There is 1.0.0"),
    });
    await expect(packAs("1.1.0", NUDGED, "1.1.0")).rejects.toMatchObject({
      code: "options-invalid",
      message: expect.stringContaining("its own base"),
    });
  });

  it("refuses a base whose bytes are damaged", async () => {
    const { manifest } = await packAs("1.0.0", WEIGHTS);
    const file = join(registry, `m/segments/${manifest.segments[0]?.sha256}.bin`);
    await writeFile(file, (await readFile(file)).fill(0));
    await expect(packAs("1.1.0", NUDGED, "1.0.0")).rejects.toMatchObject({
      code: "registry-invalid",
    });
  });
});

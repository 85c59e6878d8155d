import { beforeEach, describe, expect, it } from "vitest";
import { inspect } from "./inspect.ts";
import { addModel, filled, modelFile, temporaryFolder } from "./onnx/onnx-model.fixture.ts";
import { pack } from "./pack.ts";
import { promote } from "./promote.ts";

describe("inspect", () => {
  let registry: string;

  beforeEach(async () => {
    registry = await temporaryFolder();
    await pack({ model: await modelFile(addModel()), name: "m", version: "1.0.0", registry });
  });

  it("shows the only version there is", async () => {
    const { manifest, digest, manifestBytes, channels, images } = await inspect({
      name: "m",
      registry,
    });
    expect(images).toEqual([]);
    expect(manifest.version).toBe("1.0.0");
    expect(digest).toMatch(/^[0-9a-f]{64}$/);
    expect(manifestBytes).toBe(JSON.stringify(manifest).length);
    expect(channels).toEqual([]);
  });

  it("asks which of several versions is meant, until stable serves one", async () => {
    await pack({ model: await modelFile(addModel()), name: "m", version: "1.1.0", registry });
    await expect(inspect({ name: "m", registry })).rejects.toMatchObject({
      code: "not-found",
      message: expect.stringContaining("1.0.0, 1.1.0"),
    });
    await promote({ name: "m", version: "1.0.0", channel: "stable", registry });
    const { manifest, channels } = await inspect({ name: "m", registry });
    expect([manifest.version, channels]).toEqual(["1.0.0", ["stable"]]);
  });

  it("says how much of a version others hold too", async () => {
    const alone = await inspect({ name: "m", registry });
    expect(alone.content.shared).toBe(0);
    const model = await modelFile(addModel(filled("w", 512, 0.25)));
    await pack({ model, name: "m", version: "1.1.0", registry });
    const { content, manifest } = await inspect({ name: "m", version: "1.1.0", registry });
    const inputs = manifest.golden.cases.flatMap((golden) => golden.inputs);
    expect(content.shared).toBe(inputs.reduce((sum, { bytes }) => sum + bytes, 0));
    expect(content.bytes).toBe(alone.content.bytes);
    const { sharedWith } = await inspect({ name: "m", version: "1.1.0", registry });
    expect(sharedWith).toEqual([{ version: "1.0.0", bytes: content.shared }]);
  });

  it("says what precisions share, what deltas save, and what each layer weighs", async () => {
    const weight = filled("w", 512, 0.5);
    new DataView(weight.rawData.buffer).setFloat32(40, 0.75, true);
    const model = await modelFile(addModel(weight));
    const update = { model, name: "m", version: "2.0.0", registry, base: "1.0.0" };
    const { manifest } = await pack(update);
    const [variant] = manifest.variants;
    const { sharing, layers } = await inspect({ name: "m", version: "2.0.0", registry });
    const saved = [variant?.graph, ...(variant?.tensors ?? [])].filter((blob) => blob?.delta);
    expect(sharing).toEqual([
      {
        dtype: "fp32",
        requires: [],
        bytes: (variant?.graph.bytes ?? 0) + 2048,
        shared: 0,
        deltas: {
          count: saved.length,
          bytes: saved.reduce((sum, blob) => sum + (blob?.delta?.bytes ?? 0), 0),
          insteadOf: saved.reduce((sum, blob) => sum + (blob?.bytes ?? 0), 0),
        },
      },
    ]);
    expect(saved.length).toBeGreaterThan(0);
    expect(layers).toEqual([{ name: "w", bytes: { fp32: 2048 } }]);
  });

  it("says what there is instead of a version or model that is missing", async () => {
    await expect(inspect({ name: "m", version: "2.0.0", registry })).rejects.toMatchObject({
      code: "not-found",
      message: expect.stringContaining("There is 1.0.0"),
    });
    await expect(inspect({ name: "other", registry })).rejects.toMatchObject({
      code: "not-found",
      message: expect.stringContaining('no model "other"'),
    });
  });
});

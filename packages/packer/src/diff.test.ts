import { beforeEach, describe, expect, it } from "vitest";
import { type DiffResult, diff } from "./diff.ts";
import {
  floats,
  graph,
  model,
  modelFile,
  node,
  temporaryFolder,
  value,
} from "./onnx/onnx-model.fixture.ts";
import { pack } from "./pack.ts";

const wave = (phase: number) => Float32Array.from({ length: 512 }, (_, i) => Math.sin(i * phase));
const nudged = (weights: Float32Array) => weights.map((weight, i) => weight * (1 + 1e-6 * (i % 5)));

/** `y = (x + body) · head`. */
const twoTensors = (body: Float32Array, head: Float32Array, headDims = [512]) =>
  model(
    graph({
      input: [value("x", ["n", 512])],
      output: [value("y", ["n", 512])],
      initializer: [floats("body", [512], body), floats("head", headDims, head)],
      node: [node("Add", ["x", "body"], ["s"]), node("Mul", ["s", "head"], ["y"])],
    }),
  );

describe("diff", () => {
  const [body, head] = [wave(7919), wave(104_729)];
  let registry: string;

  beforeEach(async () => {
    registry = await temporaryFolder();
    await packAs("1.0.0", twoTensors(body, head));
  });

  const packAs = async (version: string, onnx: ReturnType<typeof twoTensors>, base?: string) =>
    pack({ model: await modelFile(onnx), name: "m", version, registry, base });
  const update = (from: string, to: string) => diff({ name: "m", from, to, registry });
  const tensors = ({ items }: DiffResult) =>
    items
      .filter(({ part }) => part === "tensor")
      .map(({ name, how, why }) => `${name}: ${how}, ${why}`);

  it("costs nothing to stay, and the manifest where nothing changed", async () => {
    expect((await update("1.0.0", "1.0.0")).fetched).toBe(0);
    const { bytes } = await packAs("1.1.0", twoTensors(body, head));
    const result = await update("1.0.0", "1.1.0");
    expect(result.fetched).toBe(bytes.manifest);
    expect(result.full).toBe(bytes.manifest + bytes.content);
    expect(tensors(result)).toEqual([
      "body: shared, the same bytes are held",
      "head: shared, the same bytes are held",
    ]);
  });

  it("speaks of the variant that runs anywhere, where a precision has another for some devices", async () => {
    const file = await modelFile(twoTensors(body, head));
    const options = { model: file, name: "half", version: "1.0.0", registry };
    const { manifest } = await pack({ ...options, dtypes: ["fp16"] });
    expect(manifest.variants.map(({ requires }) => requires)).toEqual([["shader-f16"], []]);
    const { items } = await diff({
      name: "half",
      from: "1.0.0",
      to: "1.0.0",
      registry,
      dtype: "fp16",
    });
    const graphBytes = items.find(({ part }) => part === "graph")?.bytes;
    expect(graphBytes).toBe(manifest.variants[1]?.graph.bytes);
    expect(graphBytes).not.toBe(manifest.variants[0]?.graph.bytes);
  });

  it("counts a delta where there is one, and everything else that is new", async () => {
    const { manifest, bytes } = await packAs("1.1.0", twoTensors(body, nudged(head)), "1.0.0");
    const result = await update("1.0.0", "1.1.0");
    expect(tensors(result)).toEqual([
      "body: shared, the same bytes are held",
      "head: delta, what it starts from is held",
    ]);
    const delta = manifest.variants[0]?.tensors[1]?.delta;
    const { full, items } = result;
    expect(items.find(({ name }) => name === "head")?.fetched).toBe(delta?.bytes);
    expect(full).toBe(bytes.manifest + bytes.content);
    expect(result.fetched).toBe(items.reduce((sum, { fetched }) => sum + fetched, 0));
  });

  it("says why a tensor is fetched whole", async () => {
    await packAs("1.1.0", twoTensors(body, nudged(head)));
    expect(tensors(await update("1.0.0", "1.1.0"))[1]).toBe(
      "head: new, it changed, and has no delta",
    );
    await packAs("1.2.0", twoTensors(body, nudged(nudged(head))), "1.1.0");
    expect(tensors(await update("1.0.0", "1.2.0"))[1]).toBe(
      "head: new, it changed, and its delta starts from what another version holds",
    );
    await packAs("1.3.0", twoTensors(body, wave(31), [1, 512]));
    expect(tensors(await update("1.0.0", "1.3.0"))[1]).toBe("head: new, it was float32[512]");
    const renamed = twoTensors(body, wave(17));
    for (const part of [renamed.graph?.initializer[1], renamed.graph?.node[1]])
      if (part?.$typeName === "onnx.TensorProto") part.name = "gain";
      else if (part?.$typeName === "onnx.NodeProto") part.input = ["s", "gain"];
    await packAs("1.4.0", renamed);
    expect(tensors(await update("1.0.0", "1.4.0"))[1]).toBe("gain: new, no tensor had this name");
  });

  it("has no delta back to the base", async () => {
    await packAs("1.1.0", twoTensors(body, nudged(head)), "1.0.0");
    const back = await update("1.1.0", "1.0.0");
    expect(tensors(back)[1]).toBe("head: new, it changed, and has no delta");
  });

  it("names what there is instead of a version or a precision that is missing", async () => {
    await expect(update("1.0.0", "9.0.0")).rejects.toMatchObject({ code: "not-found" });
    await expect(
      diff({ name: "m", from: "1.0.0", to: "1.0.0", registry, dtype: "q8" }),
    ).rejects.toMatchObject({
      code: "options-invalid",
      message: expect.stringContaining("packed as fp32"),
    });
  });
});

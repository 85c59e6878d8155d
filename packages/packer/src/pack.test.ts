import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { parseWholeManifest } from "@selvedge/protocol";
import { beforeEach, describe, expect, it } from "vitest";
import {
  addModel,
  DataType,
  encode,
  filled,
  floats,
  graph,
  model,
  modelFile,
  node,
  temporaryFolder,
  value,
} from "./onnx/onnx-model.fixture.ts";
import { pack } from "./pack.ts";
import type { PackOptions } from "./pack-options.ts";
import { digestChunks } from "./registry/digest-chunks.ts";
import { verify } from "./verify/verify.ts";

describe("pack", () => {
  let registry: string;
  const options = (path: string, more: Partial<PackOptions> = {}): PackOptions => ({
    model: path,
    name: "m",
    version: "1.0.0",
    registry,
    ...more,
  });
  const files = async () =>
    (await readdir(registry, { recursive: true, withFileTypes: true }))
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .sort();

  beforeEach(async () => {
    registry = join(await temporaryFolder(), "registry");
  });

  it("writes a manifest that tells all, and one segment named by its digest", async () => {
    const path = await modelFile(addModel());
    const labels = join(dirname(path), "labels.txt");
    await writeFile(labels, "cat\ndog\n");
    const more = { attachments: [labels], license: "MIT" };
    const { manifest, digest, outcome, bytes } = await pack(options(path, more));
    expect(outcome).toBe("written");
    expect(manifest).toMatchObject({
      name: "m",
      version: "1.0.0",
      license: "MIT",
      provenance: {
        source: { file: "model.onnx", bytes: (await readFile(path)).length },
        tools: { "@selvedge/packer": expect.any(String), "onnxruntime-web": "1.30.0" },
      },
      signature: {
        inputs: [{ name: "x", dtype: "float32", dims: [-1, 512] }],
        outputs: [{ name: "y", dtype: "float32", dims: [-1, 512] }],
      },
      attachments: [{ name: "labels.txt", bytes: 8 }],
      variants: [
        {
          dtype: "fp32",
          engine: "onnx",
          backends: ["wasm", "webgpu"],
          requires: [],
          tensors: [{ name: "w", dtype: "float32", dims: [512], bytes: 2048 }],
        },
      ],
    });
    const text = await readFile(join(registry, "m/1.0.0/manifest.json"), "utf8");
    expect(parseWholeManifest(text)).toEqual(manifest);
    expect(text).not.toContain("\n");
    const segment = manifest.segments[0];
    expect(await files()).toEqual([
      join(registry, "m/1.0.0/manifest.json"),
      join(registry, `m/segments/${segment?.sha256}.bin`),
    ]);
    expect(bytes).toEqual({
      manifest: text.length,
      content: segment?.bytes,
      written: segment?.bytes,
    });
    expect(await verify({ name: "m", registry })).toEqual({
      versions: [{ version: "1.0.0", digest }],
      problems: [],
      warnings: [],
    });
  });

  it("tells which files beside the model held its weights, by their place in its folder", async () => {
    const onnx = addModel();
    const [weight] = onnx.graph?.initializer ?? [];
    if (weight === undefined) throw new Error("there is no weight");
    const content = weight.rawData;
    const location = "data/weights.bin";
    Object.assign(weight, { rawData: new Uint8Array(), dataLocation: 1 });
    weight.externalData = [
      { $typeName: "onnx.StringStringEntryProto", key: "location", value: location },
    ];
    const path = await modelFile(onnx);
    await mkdir(join(dirname(path), "data"));
    await writeFile(join(dirname(path), location), content);
    const { manifest } = await pack(options(path));
    const external = [{ file: location, bytes: 2048, sha256: digestChunks([content]) }];
    expect(manifest.provenance.source).toMatchObject({ file: "model.onnx", external });
    const inside = await pack(options(await modelFile(addModel()), { version: "2.0.0" }));
    expect(inside.manifest.provenance.source).not.toHaveProperty("external");
    expect(inside.manifest.variants).toEqual(manifest.variants);
  });

  it("writes the same bytes for the same file, and says so the second time", async () => {
    const path = await modelFile(addModel());
    const first = await pack(options(path));
    const second = await pack(options(path));
    expect([first.outcome, second.outcome]).toEqual(["written", "unchanged"]);
    const elsewhere = join(await temporaryFolder(), "other");
    expect((await pack(options(path, { registry: elsewhere }))).digest).toBe(first.digest);
  });

  it("never changes a version that is there", async () => {
    await pack(options(await modelFile(addModel())));
    const contents = async () =>
      Promise.all((await files()).map(async (file) => [file, await readFile(file, "hex")]));
    const before = await contents();
    const other = await modelFile(addModel(filled("w", 512, 0.25)));
    await expect(pack(options(other))).rejects.toMatchObject({ code: "version-exists" });
    expect(await contents()).toEqual(before);
  });

  it("puts back a segment that was lost", async () => {
    const path = await modelFile(addModel());
    const { manifest } = await pack(options(path));
    const segment = join(registry, `m/segments/${manifest.segments[0]?.sha256}.bin`);
    await writeFile(segment, "damaged");
    expect((await pack(options(path))).outcome).toBe("written");
    expect((await verify({ name: "m", registry })).problems).toEqual([]);
  });

  it("stores tensors of equal bytes once", async () => {
    const twice = graph({
      input: [value("x", ["n", 512])],
      output: [value("y", ["n", 512])],
      initializer: [filled("a", 512, 0.5), floats("b", [1, 512], new Float32Array(512).fill(0.5))],
      node: [node("Add", ["x", "a"], ["s"]), node("Mul", ["s", "b"], ["y"])],
    });
    const { manifest } = await pack(options(await modelFile(model(twice))));
    const [a, b] = manifest.variants[0]?.tensors ?? [];
    expect([a?.dims, b?.dims]).toEqual([[512], [1, 512]]);
    expect(a?.at).toEqual(b?.at);
    expect((await verify({ name: "m", registry })).problems).toEqual([]);
  });

  it("lists the digest of each piece of what is larger than a piece", async () => {
    const weights = floats(
      "w",
      [512, 600],
      Float32Array.from({ length: 512 * 600 }, (_, i) => Math.sin(i)),
    );
    const matMul = graph({
      input: [value("x", ["n", 512])],
      output: [value("y", ["n", 600])],
      initializer: [weights],
      node: [node("MatMul", ["x", "w"], ["y"])],
    });
    const { manifest } = await pack(options(await modelFile(model(matMul))));
    const [tensor] = manifest.variants[0]?.tensors ?? [];
    expect(tensor?.chunks).toHaveLength(2);
    expect(manifest.variants[0]?.graph.chunks).toBeUndefined();
  });

  it("takes the rank of an output from the run where the model does not say it", async () => {
    const vague = addModel();
    if (vague.graph) vague.graph.output = [value("y")];
    const { manifest } = await pack(options(await modelFile(vague)));
    expect(manifest.signature.outputs).toEqual([{ name: "y", dtype: "float32", dims: [-1, -1] }]);
  });

  it("warns where the golden answers are next to nothing", async () => {
    const weak = model(
      graph({
        input: [value("x", ["n", 4])],
        output: [value("y", ["n", 4])],
        initializer: [floats("w", [1], [1e-7])],
        node: [node("Mul", ["x", "w"], ["y"])],
      }),
    );
    const { warnings } = await pack(options(await modelFile(weak)));
    expect(warnings).toEqual([expect.stringContaining("--golden")]);
  });

  it.each([
    ["an empty file", () => new Uint8Array(), "model-invalid"],
    ["a web page", () => new TextEncoder().encode("<!doctype html><p>404"), "model-invalid"],
    ["a model cut short", () => encode(addModel()).subarray(0, 900), "model-invalid"],
    ["zeros", () => new Uint8Array(64), "model-invalid"],
    ["an ORT file", () => new TextEncoder().encode("\0\0\0\0ORTM\0\0"), "model-unsupported"],
    [
      "an operator nobody has",
      () => encode(addModel(undefined, { opType: "Nope" })),
      "model-unsupported",
    ],
    [
      "strings added to numbers",
      () => encode(addModel(undefined, { elemType: DataType.STRING })),
      "model-unsupported",
    ],
  ])("refuses %s and leaves no trace", async (_, bytes, code) => {
    const path = join(await temporaryFolder(), "model.onnx");
    await writeFile(path, bytes());
    await expect(pack(options(path))).rejects.toMatchObject({ code });
    await mkdir(registry, { recursive: true });
    expect(await files()).toEqual([]);
  });

  it("refuses answers that no device could be held to", async () => {
    const log = graph({
      input: [value("x", ["n", 4])],
      output: [value("y", ["n", 4])],
      node: [node("Abs", ["x"], ["a"]), node("Neg", ["a"], ["b"]), node("Log", ["b"], ["y"])],
    });
    const packing = pack(options(await modelFile(model(log))));
    await expect(packing).rejects.toMatchObject({ code: "golden-failed" });
  });

  it("makes inputs without signs for a model that has answers to no others", async () => {
    const root = graph({
      input: [value("x", ["n", 4])],
      output: [value("y", ["n", 4])],
      node: [node("Sqrt", ["x"], ["y"])],
    });
    const { manifest } = await pack(options(await modelFile(model(root))));
    expect(manifest.golden.cases).toHaveLength(1);
  });

  it("refuses names, versions and attachments that a registry cannot hold", async () => {
    const path = await modelFile(addModel());
    for (const wrong of [
      { name: "../up" },
      { version: "a/b" },
      { attachments: [path, path] },
      { attachments: [join(dirname(path), ".hidden")] },
    ])
      await expect(pack(options(path, wrong))).rejects.toMatchObject({ code: "options-invalid" });
    const missing = { attachments: [join(dirname(path), "gone.txt")] };
    await expect(pack(options(path, missing))).rejects.toMatchObject({ code: "not-found" });
  });

  it("stops when it is told to", async () => {
    const path = await modelFile(addModel());
    const controller = new AbortController();
    const onProgress = ({ phase }: { phase: string }) => {
      if (phase === "golden") controller.abort();
    };
    const packing = pack(options(path, { onProgress, signal: controller.signal }));
    await expect(packing).rejects.toMatchObject({ name: "AbortError" });
  });
});

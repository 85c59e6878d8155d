import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import {
  encode,
  filled,
  graph,
  model,
  modelFile,
  node,
  temporaryFolder,
  value,
} from "./onnx/onnx-model.fixture.ts";
import { pack } from "./pack.ts";
import type { PackResult } from "./pack-options.ts";
import { verify } from "./verify/verify.ts";

/** `y = (x + body) · head`. */
function twoTensors(head: number, producer = "") {
  const onnx = model(
    graph({
      input: [value("x", ["n", 512])],
      output: [value("y", ["n", 512])],
      initializer: [filled("body", 512, 0.5), filled("head", 512, head)],
      node: [node("Add", ["x", "body"], ["s"]), node("Mul", ["s", "head"], ["y"])],
    }),
  );
  onnx.producerName = producer;
  return onnx;
}

describe("versions of one model", () => {
  let registry: string;

  beforeEach(async () => {
    registry = await temporaryFolder();
  });

  const packAs = async (version: string, onnx = twoTensors(2)): Promise<PackResult> =>
    pack({ model: await modelFile(onnx), name: "m", version, registry });
  const segments = async () => (await readdir(join(registry, "m/segments"))).sort();
  const segmentFile = ({ manifest }: PackResult) =>
    join(registry, `m/segments/${manifest.segments[0]?.sha256}.bin`);
  const problems = async () => (await verify({ name: "m", registry })).problems;

  it("share everything where nothing changed: no new segment", async () => {
    const first = await packAs("1.0.0");
    const second = await packAs("1.1.0");
    expect(second.bytes).toMatchObject({ content: first.bytes.content, written: 0 });
    expect(second.manifest.segments).toEqual(first.manifest.segments);
    expect(second.manifest.variants).toEqual(first.manifest.variants);
    expect(await segments()).toHaveLength(1);
    expect(await problems()).toEqual([]);
  });

  it("store only what is new, in a segment of its own", async () => {
    const first = await packAs("1.0.0");
    const second = await packAs("1.1.0", twoTensors(3));
    const [older] = first.manifest.segments;
    const [body, head] = second.manifest.variants[0]?.tensors ?? [];
    expect(second.manifest.segments[body?.at.segment ?? 9]).toEqual(older);
    const fresh = second.manifest.segments[head?.at.segment ?? 9];
    expect(fresh).not.toEqual(older);
    expect(second.bytes.written).toBe(fresh?.bytes);
    expect(await problems()).toEqual([]);
  });

  it("share everything where only what a model says about itself changed", async () => {
    const first = await packAs("1.0.0");
    const second = await packAs("1.1.0", twoTensors(2, "another exporter"));
    expect(second.bytes.written).toBe(0);
    expect(second.manifest.variants).toEqual(first.manifest.variants);
    expect(second.manifest.provenance.source).not.toEqual(first.manifest.provenance.source);
  });

  it("stay unchanged when packed again, whatever was packed since", async () => {
    await packAs("1.0.0");
    await packAs("1.1.0", twoTensors(3));
    await packAs("0.9.0", twoTensors(4));
    const before = await segments();
    for (const [version, head] of [["1.0.0", 2] as const, ["1.1.0", 3] as const])
      expect(await packAs(version, twoTensors(head))).toMatchObject({
        outcome: "unchanged",
        bytes: { written: 0 },
      });
    expect(await segments()).toEqual(before);
  });

  it("come out the same in another registry with the same history", async () => {
    const history = async () => {
      await packAs("1.0.0");
      return (await packAs("1.1.0", twoTensors(3))).digest;
    };
    const here = await history();
    registry = await temporaryFolder();
    expect(await history()).toBe(here);
  });

  it("refuse to share what is damaged, and change nothing", async () => {
    const first = await packAs("1.0.0");
    await writeFile(segmentFile(first), "damaged");
    await expect(packAs("1.1.0", twoTensors(3))).rejects.toMatchObject({
      code: "registry-invalid",
      message: expect.stringContaining("missing or damaged"),
    });
    expect(await readdir(join(registry, "m"))).toEqual(["1.0.0", "segments"]);
    expect(await segments()).toHaveLength(1);
    await packAs("1.0.0");
    expect(await packAs("1.1.0", twoTensors(3))).toMatchObject({ outcome: "written" });
  });

  it("put back their own segment, and not one that holds more than they know", async () => {
    const first = await packAs("1.0.0");
    const second = await packAs("1.1.0", twoTensors(3));
    await rm(segmentFile(first));
    await expect(packAs("1.1.0", twoTensors(3))).rejects.toMatchObject({
      code: "registry-invalid",
    });
    expect((await packAs("1.0.0")).outcome).toBe("written");
    expect((await packAs("1.1.0", twoTensors(3))).digest).toBe(second.digest);
    expect(await problems()).toEqual([]);
  });

  it("share nothing with a version whose manifest cannot be read", async () => {
    await packAs("1.0.0");
    const manifest = join(registry, "m/1.0.0/manifest.json");
    await writeFile(manifest, (await readFile(manifest, "utf8")).slice(0, 100));
    const { bytes } = await packAs("1.1.0", twoTensors(3));
    expect(bytes.written).toBe(bytes.content);
  });

  it("are other models' no business", async () => {
    await packAs("1.0.0");
    const path = join(await temporaryFolder(), "model.onnx");
    await writeFile(path, encode(twoTensors(2)));
    const { bytes } = await pack({ model: path, name: "other", version: "1.0.0", registry });
    expect(bytes.written).toBe(bytes.content);
  });
});

import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { encodeChannels, type Manifest, sha256 } from "@selvedge/protocol";
import { beforeEach, describe, expect, it } from "vitest";
import { addModel, filled, modelFile, temporaryFolder } from "../onnx/onnx-model.fixture.ts";
import { pack } from "../pack.ts";
import { promote } from "../promote.ts";
import { verify } from "./verify.ts";

describe("verify", () => {
  let registry: string;
  let manifest: Manifest;
  const manifestFile = () => join(registry, "m/1.0.0/manifest.json");
  const segmentFile = () => join(registry, `m/segments/${manifest.segments[0]?.sha256}.bin`);
  const problems = async () => (await verify({ name: "m", registry })).problems;
  const blobs = () => {
    const [variant] = manifest.variants;
    const [golden] = manifest.golden.cases;
    const [tensor, output] = [variant?.tensors[0], golden?.outputs[0]];
    if (variant === undefined || tensor === undefined || output === undefined)
      return expect.fail("the pack is not what it should be");
    return { graph: variant.graph, tensor, output };
  };

  beforeEach(async () => {
    registry = await temporaryFolder();
    const path = await modelFile(addModel());
    ({ manifest } = await pack({ model: path, name: "m", version: "1.0.0", registry }));
    await promote({ name: "m", version: "1.0.0", channel: "stable", registry });
  });

  /** A version whose one weight has a delta from that of 1.0.0. */
  async function packUpdate() {
    const weight = filled("w", 512, 0.5);
    new DataView(weight.rawData.buffer).setFloat32(40, 0.75, true);
    const model = await modelFile(addModel(weight));
    const update = { model, name: "m", version: "2.0.0", registry, base: "1.0.0" };
    const { manifest: updated } = await pack(update);
    const tensor = updated.variants[0]?.tensors[0];
    if (tensor?.delta === undefined) return expect.fail("there is no delta");
    return { tensor, updated };
  }

  it("finds nothing wrong with a pack as it was written", async () => {
    expect(await problems()).toEqual([]);
  });

  it("names the tensor and the bytes that a flipped bit is in", async () => {
    const { graph, tensor, output } = blobs();
    for (const [blob, part, label] of [
      [graph, "graph", "Graph of fp32"],
      [tensor, "tensor", 'Tensor "w" of fp32'],
      [output, "golden", 'Golden tensor "y" of case 0'],
    ] as const) {
      const bytes = await readFile(segmentFile());
      const { offset, length } = blob.at;
      const position = offset + Math.floor(length / 2);
      bytes[position] = (bytes[position] ?? 0) ^ 1;
      await writeFile(segmentFile(), bytes);
      expect(await problems()).toEqual([
        expect.objectContaining({ part: "segment", version: "1.0.0" }),
        expect.objectContaining({
          part,
          message: expect.stringContaining(`${label}: bytes ${offset} to ${offset + length}`),
          at: expect.objectContaining({ start: offset, end: offset + length }),
        }),
      ]);
      bytes[position] = (bytes[position] ?? 0) ^ 1;
      await writeFile(segmentFile(), bytes);
    }
  });

  it("says which byte is wrong where a delta tells the right one", async () => {
    const { tensor, updated } = await packUpdate();
    const file = join(registry, `m/segments/${updated.segments[tensor.at.segment]?.sha256}.bin`);
    const bytes = await readFile(file);
    const position = tensor.at.offset + 5;
    const was = bytes[position] ?? 0;
    bytes[position] = was ^ 1;
    await writeFile(file, bytes);
    const hex = (byte: number) => `0x${byte.toString(16).padStart(2, "0")}`;
    const [, found] = await problems();
    expect(found).toMatchObject({
      version: "2.0.0",
      message: expect.stringContaining(
        `Tensor "w" of fp32: byte 5 is ${hex(was ^ 1)} instead of ${hex(was)}, at byte ${position} of `,
      ),
      at: { start: position, end: position + 1 },
    });
    bytes[position + 7] = (bytes[position + 7] ?? 0) ^ 255;
    await writeFile(file, bytes);
    expect((await problems())[1]).toMatchObject({
      message: expect.stringContaining("2 of the bytes from 5 to 12 are wrong: the first is "),
      at: { start: position, end: position + 8 },
    });
  });

  it("undoes every delta from what it starts from", async () => {
    const { tensor } = await packUpdate();
    expect(await verify({ name: "m", registry })).toMatchObject({ problems: [], warnings: [] });
    const path = join(registry, "m/2.0.0/manifest.json");
    const text = await readFile(path, "utf8");
    const [variant] = manifest.variants;
    // A base that is there, of as many bytes, but another.
    const other = await pack({
      model: await modelFile(addModel(filled("w", 512, 9))),
      name: "m",
      version: "3.0.0",
      registry,
    });
    const wrong = other.manifest.variants[0]?.tensors[0]?.sha256 ?? "";
    const base = variant?.tensors[0]?.sha256 ?? "";
    await writeFile(path, text.replace(`"base":"${base}"`, `"base":"${wrong}"`));
    expect(await problems()).toEqual([
      {
        part: "delta",
        version: "2.0.0",
        message: expect.stringContaining(`Delta of "${tensor.name}" does not lead to the bytes`),
      },
    ]);
  });

  it("warns where what a delta starts from is gone, which devices may hold all the same", async () => {
    await packUpdate();
    await rm(join(registry, "m/1.0.0"), { recursive: true });
    const result = await verify({ name: "m", version: "2.0.0", registry });
    expect(result.warnings).toContainEqual(
      expect.stringMatching(
        /^2\.0\.0: Delta of "w" could not be undone: .* in no version any more/,
      ),
    );
    expect(result.problems.filter(({ part }) => part !== "channels")).toEqual([]);
  });

  it("says that a segment is missing, or was cut short", async () => {
    const { output } = blobs();
    const bytes = await readFile(segmentFile());
    await writeFile(segmentFile(), bytes.subarray(0, -1));
    expect(await problems()).toEqual([
      expect.objectContaining({ part: "segment", message: expect.stringMatching(/instead of/) }),
      expect.objectContaining({ at: expect.objectContaining({ start: output.at.offset }) }),
    ]);
    await rm(segmentFile());
    expect(await problems()).toEqual([
      expect.objectContaining({ part: "segment", message: expect.stringMatching(/missing/) }),
    ]);
  });

  it("runs the golden answers again", async () => {
    const bytes = await readFile(segmentFile());
    const { output } = blobs();
    new DataView(bytes.buffer, bytes.byteOffset).setFloat32(output.at.offset, 7, true);
    const answers = bytes.subarray(output.at.offset, output.at.offset + output.at.length);
    const forged = JSON.stringify(manifest)
      .replace(output.sha256, await sha256(answers))
      .replace(manifest.segments[0]?.sha256 ?? "", await sha256(bytes));
    await rename(segmentFile(), join(registry, `m/segments/${await sha256(bytes)}.bin`));
    await writeFile(join(registry, `m/segments/${await sha256(bytes)}.bin`), bytes);
    await writeFile(manifestFile(), forged);
    expect(await problems()).toEqual([
      expect.objectContaining({
        part: "golden",
        message: expect.stringContaining("instead of 7 at element 0"),
      }),
      expect.objectContaining({ part: "channels" }),
    ]);
  });

  it("holds the manifest against the channels", async () => {
    await writeFile(manifestFile(), `${JSON.stringify(manifest)} `);
    expect(await problems()).toEqual([
      expect.objectContaining({
        part: "channels",
        message: expect.stringContaining('Channel "stable" expects manifest'),
      }),
    ]);
  });

  it("reports a manifest it cannot read, naming the field, and goes on", async () => {
    const path = await modelFile(addModel(filled("w", 512, 2)));
    await pack({ model: path, name: "m", version: "2.0.0", registry });
    await writeFile(manifestFile(), JSON.stringify({ ...manifest, variants: [] }));
    const { versions, problems: found } = await verify({ name: "m", registry });
    expect(versions).toEqual([
      { version: "1.0.0" },
      { version: "2.0.0", digest: expect.any(String) },
    ]);
    expect(found).toEqual([
      {
        part: "manifest",
        version: "1.0.0",
        message: expect.stringMatching(/1\.0\.0: variants: expected/),
      },
    ]);
  });

  it("reports channels that expired, serve what is not there, or belong to another model", async () => {
    const digest = "a".repeat(64);
    const envelope = encodeChannels({
      name: "other",
      sequence: 1,
      issued: "2020-01-01T00:00:00.000Z",
      expires: "2021-01-01T00:00:00.000Z",
      channels: { stable: [{ version: "9.9.9", manifest: digest, buckets: [0, 10_000] }] },
    });
    await writeFile(join(registry, "m/channels.json"), JSON.stringify(envelope));
    expect((await problems()).map(({ message }) => message)).toEqual([
      expect.stringContaining('"other"'),
      expect.stringContaining("expired"),
      expect.stringContaining("9.9.9"),
    ]);
  });

  it("fails for a model or version that is not there", async () => {
    await expect(verify({ name: "other", registry })).rejects.toMatchObject({ code: "not-found" });
    await expect(verify({ name: "m", version: "2", registry })).rejects.toMatchObject({
      code: "not-found",
    });
  });
});

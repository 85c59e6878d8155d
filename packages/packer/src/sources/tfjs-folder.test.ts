import { mkdir, readFile, rename, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { sha256 } from "@selvedge/protocol";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../onnx/onnx-model.fixture.ts";
import { graphModel, layersModel, tfjsFile } from "../tfjs/tfjs-model.fixture.ts";
import { openSource } from "./open-source.ts";

const SHARD = "group1-shard2of2.bin";

describe("a model of TensorFlow.js", () => {
  it("is opened by its model.json, or by the folder of that", async () => {
    const path = await tfjsFile(graphModel());
    const [file, folder] = [await openSource(path), await openSource(dirname(path))];
    expect(file).toEqual(folder);
    expect(file).toMatchObject({ engine: "tfjs", model: { format: "graph-model" } });
    expect(await openSource(await tfjsFile(await layersModel()))).toMatchObject({
      engine: "tfjs",
      model: { format: "layers-model" },
    });
  });

  it("is one of several in a folder where a file is named", async () => {
    const path = await tfjsFile(graphModel());
    const folder = await temporaryFolder();
    await rename(dirname(path), join(folder, "x2"));
    const source = await openSource(folder, "x2/model.json");
    expect(source).toMatchObject({ engine: "tfjs", source: { file: "model.json" } });
  });

  it("comes from its model.json and all of its weights, as the digest of them tells", async () => {
    const fixture = graphModel();
    const path = await tfjsFile(fixture);
    const all = [await readFile(path), ...Object.values(fixture.shards)];
    const source = await openSource(path);
    expect(source).toMatchObject({
      source: {
        file: "model.json",
        bytes: all.reduce((sum, { length }) => sum + length, 0),
        sha256: await sha256(new Uint8Array(Buffer.concat(all))),
      },
    });
  });

  it("says which file is missing", async () => {
    const path = await tfjsFile(graphModel());
    await rm(join(dirname(path), SHARD));
    await expect(openSource(path)).rejects.toMatchObject({
      code: "model-invalid",
      message: expect.stringContaining(`"${SHARD}" is missing`),
    });
  });

  it.each([
    ["short", 1000, "ends after 2000"],
    ["long", 1200, "goes on for 2200"],
  ])("says that weights are too %s", async (_how, bytes, what) => {
    const path = await tfjsFile(graphModel());
    await truncate(join(dirname(path), SHARD), bytes);
    await expect(openSource(path)).rejects.toMatchObject({
      code: "model-invalid",
      message: expect.stringMatching(new RegExp(`hold the 2112 bytes of 2 weights, but ${what}`)),
    });
  });

  it("does not believe a shape that asks for more than there is", async () => {
    const fixture = graphModel();
    const weights = [{ name: "w", shape: [2 ** 20, 2 ** 20], dtype: "float32" }];
    const weightsManifest = [{ paths: ["group1-shard1of2.bin"], weights }];
    const path = await tfjsFile({ ...fixture, model: { ...fixture.model, weightsManifest } });
    await expect(openSource(path)).rejects.toMatchObject({ code: "model-invalid" });
  });

  it.each([
    ["a path", async () => "../secret.bin"],
    [
      "a link",
      async (folder: string) => {
        await symlink("../secret.bin", join(folder, "link.bin"));
        return "link.bin";
      },
    ],
  ])("reads nothing outside its folder, through %s", async (_way, lead) => {
    const folder = join(await temporaryFolder(), "model");
    await mkdir(folder);
    await writeFile(join(folder, "../secret.bin"), new Uint8Array(64));
    const weights = [{ name: "w", shape: [16], dtype: "float32" }];
    const weightsManifest = [{ paths: [await lead(folder)], weights }];
    const path = join(folder, "model.json");
    await writeFile(path, JSON.stringify({ ...graphModel().model, weightsManifest }));
    await expect(openSource(path)).rejects.toMatchObject({
      code: "model-unsupported",
      message: expect.stringContaining("leads out of the folder"),
    });
  });

  it.each([
    ["text that is not JSON", "weights", "not JSON"],
    ["JSON that is no model", "{}", "modelTopology: expected an object"],
    ["a list", "[]", "expected an object"],
    ["a model without weights", '{"modelTopology": {}}', "weightsManifest: expected a list"],
    [
      "a format of later days",
      '{"modelTopology": {}, "format": "x"}',
      "expected one of graph-model",
    ],
  ])("is not %s", async (_what, text, message) => {
    const path = join(await temporaryFolder(), "model.json");
    await writeFile(path, text);
    await expect(openSource(path)).rejects.toMatchObject({
      code: "model-invalid",
      message: expect.stringContaining(message),
    });
  });
});

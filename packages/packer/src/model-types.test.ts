import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { modelTypes } from "./model-types.ts";
import {
  addModel,
  filled,
  graph,
  model,
  modelFile,
  node,
  temporaryFolder,
  value,
} from "./onnx/onnx-model.fixture.ts";
import { pack } from "./pack.ts";
import { promote } from "./promote.ts";

describe("modelTypes", () => {
  let registry: string;
  const serve = async (name: string, version: string, onnx = addModel(), channel = "stable") => {
    await pack({ model: await modelFile(onnx), name, version, registry });
    await promote({ name, version, channel, registry });
  };
  /** `y = x + w`, its input of another name or rank. */
  const adding = (input: string, dims: (number | string)[]) =>
    model(
      graph({
        input: [value(input, dims)],
        output: [value("y", dims)],
        initializer: [filled("w", 512, 1)],
        node: [node("Add", [input, "w"], ["y"])],
      }),
    );

  beforeEach(async () => {
    registry = await temporaryFolder();
  });

  it("knows inputs and outputs by name, type and rank, models in order", async () => {
    await serve("second", "1.0.0");
    await serve("first", "1.0.0", adding("odd.name/0", [1, "n", 512]));
    const { text, models, warnings } = await modelTypes({ registry });
    expect(models).toEqual([
      { name: "first", versions: ["1.0.0"] },
      { name: "second", versions: ["1.0.0"] },
    ]);
    expect(warnings).toEqual([]);
    expect(text.split("\n").slice(0, 14)).toEqual([
      "// Written by `selvedge types` from a registry's promoted models. Run it again instead of editing.",
      'import type { TensorOf } from "selvedge";',
      "",
      'declare module "selvedge" {',
      "  interface ModelTypes {",
      "    first: {",
      "      inputs: {",
      "        /** float32[1, any, 512] */",
      '        "odd.name/0": TensorOf<"float32", [number, number, number]>;',
      "      };",
      "      outputs: {",
      "        /** float32[1, any, 512] */",
      '        y: TensorOf<"float32", [number, number, number]>;',
      "      };",
    ]);
    expect((await modelTypes({ registry })).text).toBe(text);
  });

  it("reads what stable serves, other channels only where there is no stable", async () => {
    await serve("m", "1.0.0");
    await serve("m", "2.0.0", adding("other", ["n", 512]), "beta");
    await serve("n", "1.0.0", adding("other", ["n", 512]), "beta");
    const { models, text } = await modelTypes({ registry });
    expect(models).toEqual([
      { name: "m", versions: ["1.0.0"] },
      { name: "n", versions: ["1.0.0"] },
    ]);
    expect(text.match(/other: /g)).toHaveLength(1);
  });

  it("joins versions of one shape, and leaves out those that differ in more", async () => {
    await serve("m", "1.0.0", adding("x", [2, 512]), "a");
    await serve("m", "2.0.0", adding("x", [3, 512]), "b");
    expect((await modelTypes({ registry })).text).toContain("/** float32[any, 512] */");
    await serve("m", "3.0.0", adding("x", [1, 3, 512]), "c");
    const { text, models, warnings } = await modelTypes({ registry });
    expect(models).toEqual([]);
    expect(warnings).toEqual([expect.stringMatching(/^m has no types: 1\.0\.0 and 2\.0\.0 and 3/)]);
    expect(text).toContain("export {};");
  });

  it("fails where there is nothing to know, or a document is damaged", async () => {
    for (const folder of [registry, join(registry, "gone")])
      await expect(modelTypes({ registry: folder })).rejects.toMatchObject({ code: "not-found" });
    await mkdir(join(registry, "m"));
    await writeFile(join(registry, "m/channels.json"), "<html>");
    await expect(modelTypes({ registry })).rejects.toMatchObject({ code: "channel-invalid" });
  });
});

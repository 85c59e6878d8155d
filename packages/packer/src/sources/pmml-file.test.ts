import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { sha256 } from "@selvedge/protocol";
import { beforeEach, describe, expect, it } from "vitest";
import { temporaryFolder } from "../onnx/onnx-model.fixture.ts";
import { pack } from "../pack.ts";
import { contentsOf } from "../registry/files.fixture.ts";
import { verify } from "../verify/verify.ts";
import {
  categorical,
  numeric,
  pmml,
  schema,
  simple,
  treeNode,
} from "./pmml/pmml-documents.fixture.ts";

const tree = pmml(
  [numeric("Länge"), categorical("colour", ["red", "green"]), categorical("kind", ["a", "b"])].join(
    "",
  ),
  `<TreeModel functionName="classification">${schema("kind", "Länge", "colour")}${treeNode(
    'score="a"',
    "<True/>",
    treeNode('score="a"', simple("Länge", "lessThan", 2.45)) +
      treeNode('score="b"', simple("colour", "equal", "green")) +
      treeNode('score="a"', "<True/>"),
  )}</TreeModel>`,
);

describe("a PMML file", () => {
  let folder: string;
  let registry: string;
  const packed = (model: string) => pack({ model, name: "m", version: "1.0.0", registry });

  beforeEach(async () => {
    folder = await temporaryFolder();
    registry = join(folder, "registry");
  });

  it("is packed as an ONNX model with named inputs, labels and golden answers, and verifies", async () => {
    const path = join(folder, "kinds.pmml");
    await writeFile(path, tree);
    const { manifest, warnings } = await packed(path);
    expect(warnings).toEqual([]);
    expect(manifest.signature).toEqual({
      inputs: [
        { name: "Länge", dtype: "float32", dims: [-1, 1] },
        { name: "colour", dtype: "int64", dims: [-1, 1] },
      ],
      outputs: [
        { name: "label", dtype: "int64", dims: [-1, 1] },
        { name: "probabilities", dtype: "float32", dims: [-1, 2] },
      ],
    });
    expect(manifest.attachments.map(({ name }) => name)).toEqual(["labels.txt", "categories.json"]);
    expect(manifest.provenance.source).toEqual({
      file: "kinds.pmml",
      bytes: (await readFile(path)).length,
      sha256: await sha256(await readFile(path)),
    });
    // The WebGPU build of the runtime knows nothing of trees.
    expect(manifest.variants[0]?.backends).toEqual(["wasm"]);
    expect((await verify({ name: "m", registry })).problems).toEqual([]);
    expect((await packed(path)).outcome).toBe("unchanged");
  });

  it("is read in the encoding that it declares", async () => {
    const path = join(folder, "kinds.XML");
    await writeFile(path, Buffer.from(tree.replace("UTF-8", "ISO-8859-1"), "latin1"));
    expect((await packed(path)).manifest.signature.inputs[0]?.name).toBe("Länge");
  });

  it("is refused in another encoding than it declares, and writes nothing", async () => {
    const path = join(folder, "kinds.pmml");
    await writeFile(path, Buffer.from(tree, "latin1"));
    await expect(packed(path)).rejects.toMatchObject({
      code: "model-invalid",
      message: expect.stringMatching(/^kinds\.pmml: is not in UTF-8/),
    });
    expect(await contentsOf(registry)).toEqual([]);
  });
});

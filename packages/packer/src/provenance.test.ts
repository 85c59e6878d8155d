import { createHash } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { addModel, filled, modelFile, temporaryFolder } from "./onnx/onnx-model.fixture.ts";
import { pack } from "./pack.ts";
import type { PackOptions } from "./pack-options.ts";
import { contentsOf } from "./registry/files.fixture.ts";

describe("provenance", () => {
  let [registry, folder, model] = ["", "", ""];
  const packing = (more: Partial<PackOptions> = {}) =>
    pack({ model, name: "m", version: "2.0.0", registry, ...more });
  const dataset = async (name: string, text: string) => {
    await writeFile(join(folder, name), text);
    const digest = createHash("sha256").update(text).digest("hex");
    return { path: join(folder, name), ref: { bytes: text.length, sha256: digest } };
  };

  beforeEach(async () => {
    [registry, folder] = [await temporaryFolder(), await temporaryFolder()];
    model = await modelFile(addModel());
  });

  it("records datasets by digest alone, in an order of its own, the commit and the parent", async () => {
    const first = await packing({ version: "1.0.0" });
    model = await modelFile(addModel(filled("w", 512, 0.25)));
    const [a, b] = [await dataset("secret-name.csv", "1,2\n"), await dataset("b.csv", "3,4\n")];
    const commit = "0123456789abcdef0123456789abcdef01234567";
    const more = { commit, parent: "1.0.0", datasets: [a.path, b.path] };
    const { manifest, digest } = await packing(more);
    expect(manifest.provenance).toMatchObject({
      commit,
      parent: { version: "1.0.0", manifest: first.digest },
    });
    const sorted = [a.ref, b.ref].sort((x, y) => (x.sha256 < y.sha256 ? -1 : 1));
    expect(manifest.provenance.datasets).toEqual(sorted);
    expect(JSON.stringify(manifest)).not.toContain("secret-name");
    const turned = { ...more, datasets: [b.path, a.path, b.path] };
    expect(await packing(turned)).toMatchObject({ digest, outcome: "unchanged" });
  });

  it("adds nothing where nothing is told", async () => {
    const { manifest } = await packing();
    expect(Object.keys(manifest.provenance)).toEqual(["source", "tools"]);
  });

  it.each<[wrong: string, more: Partial<PackOptions>, code: string]>([
    ["a short commit", { commit: "abc1234" }, "options-invalid"],
    ["a parent that is not there", { parent: "0.9.0" }, "not-found"],
    ["a parent that is no version", { parent: "../x" }, "options-invalid"],
    ["itself for a parent", { parent: "2.0.0" }, "options-invalid"],
    ["a dataset that is not there", { datasets: ["gone.csv"] }, "not-found"],
  ])("refuses %s and writes nothing", async (_, more, code) => {
    await expect(packing(more)).rejects.toMatchObject({ code });
    expect(await contentsOf(registry)).toEqual([]);
  });
});

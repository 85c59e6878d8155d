import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { addModel, filled, modelFile, temporaryFolder } from "../onnx/onnx-model.fixture.ts";
import { pack } from "../pack.ts";
import { verify } from "../verify/verify.ts";
import { contentsOf } from "./files.fixture.ts";
import { ModelFolder } from "./registry.ts";
import { withdrawSegments } from "./withdraw-segments.ts";

describe("packs at once", () => {
  let registry: string;
  const packing = async (version: string, weight: number) => {
    const model = await modelFile(addModel(filled("w", 512, weight)));
    return await pack({ model, name: "m", version, registry });
  };

  beforeEach(async () => {
    registry = join(await temporaryFolder(), "registry");
  });

  it("agree on one version of the same bytes", async () => {
    const [first, second] = await Promise.all([packing("1.0.0", 1), packing("1.0.0", 1)]);
    expect(first.digest).toBe(second.digest);
    expect((await verify({ name: "m", registry })).problems).toEqual([]);
  });

  it("let one of two different ones be the version, and take back what was the other's", async () => {
    const outcomes = await Promise.allSettled([packing("1.0.0", 1), packing("1.0.0", 2)]);
    const [winner, ...more] = outcomes.flatMap((outcome) =>
      outcome.status === "fulfilled" ? [outcome.value] : [],
    );
    expect(more).toEqual([]);
    expect(outcomes).toContainEqual({
      status: "rejected",
      reason: expect.objectContaining({ code: "version-exists" }),
    });
    const files = (await contentsOf(registry)).map(([path]) => path);
    const [segment] = winner?.manifest.segments ?? [];
    expect(files).toEqual([
      join(registry, "m/1.0.0/manifest.json"),
      join(registry, `m/segments/${segment?.sha256}.bin`),
    ]);
  });
});

describe("withdrawSegments", () => {
  it("takes segments away again, but none that a version refers to by now", async () => {
    const registry = await temporaryFolder();
    const model = await modelFile(addModel());
    const { manifest } = await pack({ model, name: "m", version: "1.0.0", registry });
    const folder = new ModelFolder(registry, "m");
    const [used] = manifest.segments;
    if (used === undefined) throw new Error("there is no segment");
    const unused = { ...used, sha256: "0".repeat(64) };
    await writeFile(folder.segmentFile(unused.sha256), "");
    const segments = [used, unused].map((segment) => ({ ...segment, parts: [], isNew: true }));
    const before = await contentsOf(registry);
    await withdrawSegments(folder, segments, []);
    expect(await contentsOf(registry)).toEqual(before);
    const placed = segments.map(({ sha256 }) => folder.segmentFile(sha256));
    await withdrawSegments(folder, segments, placed);
    const gone = ([path]: [string, string]) => path === folder.segmentFile(unused.sha256);
    expect(await contentsOf(registry)).toEqual(before.filter((entry) => !gone(entry)));
  });
});

import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { type FixtureArray, npz } from "./golden/npz.fixture.ts";
import { seededRandom } from "./golden/seeded-random.ts";
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
import type { PackOptions } from "./pack-options.ts";

/** Two measurements in, the probabilities of three classes out. */
const classifier = model(
  graph({
    input: [value("x", ["n", 2])],
    output: [value("y", ["n", 3])],
    initializer: [floats("w", [2, 3], [1, 0, -1, 0.5, -0.5, 0])],
    node: [node("MatMul", ["x", "w"], ["z"]), node("Softmax", ["z"], ["y"])],
  }),
);

const random = seededRandom(7);
const rows = Array.from({ length: 400 }, () => [40 + 10 * random(), random() < 0.1 ? 1 : 0]);
const tensorOf = (some: readonly number[][]) => ({
  type: "float32",
  dims: [some.length, 2],
  data: some.flat(),
});
const named = { features: { x: ["length", "is_large"] } };
const asBatch = { ...named, cases: [{ inputs: { x: tensorOf(rows) } }] };
const asSingles = { ...named, cases: rows.map((row) => ({ inputs: { x: tensorOf([row]) } })) };

async function packWith(content: unknown, more: Partial<PackOptions> = {}) {
  const file = await modelFile(classifier);
  const isBytes = content instanceof Uint8Array;
  const reference = join(dirname(file), isBytes ? "reference.npz" : "reference.json");
  await writeFile(reference, isBytes ? content : JSON.stringify(content));
  const registry = join(await temporaryFolder(), "registry");
  await mkdir(registry);
  const packing = pack({ model: file, name: "m", version: "1.0.0", registry, reference, ...more });
  const bytes = async () => readFile(join(registry, "m/1.0.0/manifest.json"));
  return { packing, bytes };
}

describe("pack with a reference", () => {
  it("records how inputs and answers are distributed, one example at a time or as a batch", async () => {
    const { manifest, warnings } = await (await packWith(asBatch)).packing;
    expect(manifest.reference?.samples).toBe(400);
    const [length, isLarge, ...outputs] = manifest.reference?.features ?? [];
    expect(length).toMatchObject({ name: "length", side: "input", tensor: "x", element: 0 });
    expect(length?.edges).toHaveLength(9);
    for (const count of length?.counts ?? []) expect(count).toBeCloseTo(40, -1);
    expect(isLarge).toMatchObject({ name: "is_large", edges: [0], range: [0, 1] });
    expect(outputs.map(({ name, counts }) => [name, counts.reduce((sum, n) => sum + n)])).toEqual([
      ["y.class", 400],
      ["y.confidence", 400],
      ["y.entropy", 400],
    ]);
    expect(outputs[0]).toMatchObject({ categories: ["0", "1", "2"], counts: [400, 0, 0] });
    expect(warnings).toEqual([]);
    const single = await (await packWith(asSingles)).packing;
    expect(single.manifest.reference).toEqual(manifest.reference);
  });

  it("gives the same bytes for the same examples, and holds none of them", async () => {
    const [a, b] = [await packWith(asBatch), await packWith(asBatch)];
    await Promise.all([a.packing, b.packing]);
    expect(await a.bytes()).toEqual(await b.bytes());
    const text = String(await a.bytes());
    const told = rows.filter(([length = 0]) => text.includes(String(length)));
    expect(told).toEqual([]);
    expect(text.length).toBeLessThan(64 * 1024);
  });

  it("counts what is missing, which NumPy can save and JSON cannot", async () => {
    const x: FixtureArray = {
      descr: "<f4",
      shape: [3, 2],
      data: Float32Array.of(1, 0, Number.NaN, 1, 3, 0),
    };
    const { manifest, warnings } = await (await packWith(npz({ x }))).packing;
    const [first] = manifest.reference?.features ?? [];
    expect(first).toMatchObject({ name: "x[0]", counts: [1, 1], missing: 1 });
    expect(warnings.join()).toContain("taken from 3 examples");
  });

  it("leaves it out where none is given", async () => {
    const { packing } = await packWith(asBatch, { reference: undefined });
    expect((await packing).manifest).not.toHaveProperty("reference");
  });

  it.each([
    ["a name twice", { ...asBatch, features: { x: ["a", "a"] } }, 'called "a"'],
    ["names of nothing", { ...asBatch, features: { z: ["a"] } }, "features.z"],
    ["names that are none", { ...asBatch, features: { x: "a" } }, "a list of names"],
    ["no object of names", { ...asBatch, features: 3 }, "an object of lists"],
    ["no cases", { cases: [] }, '"cases" must be'],
    ["another input", { cases: [{ inputs: { z: tensorOf(rows) } }] }, 'no input "z"'],
    [
      "names too long",
      { ...asBatch, features: { x: ["a".repeat(40_000), "b"] } },
      "32768 is the limit",
    ],
  ])("refuses %s", async (_, content, what) => {
    const { packing } = await packWith(content);
    await expect(packing).rejects.toMatchObject({
      code: "options-invalid",
      message: expect.stringContaining(what),
    });
  });
});

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { ElementType } from "./element-type.ts";
import { example, manifestWith } from "./manifest.fixture.ts";
import type { Manifest } from "./manifest.ts";
import { parseManifest as parse } from "./parse-manifest.ts";
import { parseWholeManifest as parseManifest } from "./parse-whole-manifest.ts";
import { PIECE_BYTES } from "./pieces.ts";
import { copyOf, placesIn } from "./spoilt-manifest.fixture.ts";

test("reading a written manifest gives it back", () => {
  const weight = fc.record({
    dtype: fc.constantFrom<ElementType>("float32", "float16", "int8", "uint4", "int64", "bool"),
    dims: fc.array(fc.integer({ min: 0, max: 120 }), { maxLength: 3 }),
    deltaBytes: fc.integer({ min: 0, max: 2_000_000 }),
  });
  fc.assert(
    fc.property(fc.array(weight, { maxLength: 5 }), (weights) => {
      const manifest = manifestWith(weights);
      expect(JSON.parse(JSON.stringify(parseManifest(JSON.stringify(manifest))))).toEqual(manifest);
    }),
  );
});

test("fields it does not know change nothing, whatever they are called", () => {
  const objects = [
    (document: Manifest) => document,
    ...placesIn(example)
      .filter(({ value, path }) => {
        const isRecord = /^provenance\.tools$|(tolerance|spread)$|\.(metrics|settings)$/.test(path);
        return typeof value === "object" && !Array.isArray(value) && !isRecord;
      })
      .map(
        ({ parentIn, key }) =>
          (document: unknown) =>
            parentIn(document)[key],
      ),
  ];
  const key = fc.oneof(
    fc.constantFrom("__proto__", "constructor", "toString", ""),
    fc.string().map((name) => `x-${name}`),
  );
  const expected = parseManifest(JSON.stringify(example));
  fc.assert(
    fc.property(fc.constantFrom(...objects), key, fc.jsonValue(), (find, name, value) => {
      const document = copyOf(example);
      Object.defineProperty(find(document), name, { value, enumerable: true });
      expect(parseManifest(JSON.stringify(document))).toEqual(expected);
    }),
  );
});

test("a tool called __proto__ is a tool like any other, and no record has inherited keys", () => {
  const text = JSON.stringify(example).replace(`"tools":{`, `"tools":{"__proto__":"6.6.6",`);
  const { provenance, golden } = parseManifest(text);
  expect(Object.entries(provenance.tools)).toContainEqual(["__proto__", "6.6.6"]);
  expect(golden.tolerance["constructor"]).toBeUndefined();
  expect(({} as Record<string, unknown>)["6.6.6"]).toBeUndefined();
});

test("one precision may come twice for a backend, where the two need different features", () => {
  const document = copyOf(example);
  document.variants[1].dtype = "fp32";
  document.variants[1].requires = [];
  const { variants } = parseManifest(JSON.stringify(document));
  expect(variants.map(({ requires }) => requires)).toEqual([["shader-f16"], []]);
});

test("a pack may have no golden cases, and then needs no tolerances", () => {
  const document = copyOf(example);
  document.golden = { tolerance: {}, cases: [] };
  expect(parseManifest(JSON.stringify(document)).golden.cases).toEqual([]);
});

test("equal tensors may share their bytes", () => {
  const document = copyOf(example);
  document.variants[1].tensors = document.variants[0].tensors;
  expect(parseManifest(JSON.stringify(document)).variants[1]?.tensors).toEqual(
    example.variants[0]?.tensors,
  );
});

test("golden tensors of strings take as many bytes as they take", () => {
  const document = copyOf(example);
  document.signature.inputs[0].dtype = "string";
  document.golden.cases[0].inputs[0].dtype = "string";
  const [golden] = parseManifest(JSON.stringify(document)).golden.cases;
  expect(golden?.inputs).toMatchObject([{ dtype: "string", bytes: 1 * 3 * 48 * 16 * 4 }]);
});

test("a large blob has a digest for each MiB", () => {
  expect(example.variants[0]?.tensors[0]).toMatchObject({ bytes: 2_400_000 });
  expect(example.variants[0]?.tensors[0]?.chunks).toHaveLength(Math.ceil(2_400_000 / PIECE_BYTES));
});

test("a delta in a codec of later days is as good as none", () => {
  const document = copyOf(example);
  document.variants[0].tensors[0].delta.codec = "zstd-patch";
  const [tensor] = parseManifest(JSON.stringify(document)).variants[0]?.tensors ?? [];
  expect(tensor).toMatchObject({ name: "w0", bytes: 2_400_000 });
  expect(tensor?.delta).toBeUndefined();
});

test("whoever has no use for images and release tests reads a manifest without them", () => {
  const document = copyOf(example);
  document.tests = "of no interest";
  document.variants[0].images = "neither";
  document.variants[1].metrics = "nor that";
  const [{ images, ...first } = expect.fail(), { metrics, ...second } = expect.fail()] =
    example.variants;
  expect([images?.length, Object.keys(metrics ?? {}).length]).toEqual([1, 2]);
  const read = parse(JSON.stringify(document));
  expect(read.tests).toBeUndefined();
  expect(read.variants.slice(0, 2)).toEqual([first, second]);
});

test("an image of a format of later days is as good as none", () => {
  const document = copyOf(example);
  document.variants[0].images.unshift({ format: 2, anything: "else" });
  expect(parseManifest(JSON.stringify(document)).variants[0]?.images).toEqual(
    example.variants[0]?.images,
  );
});

describe("provenance beyond the source and its tools", () => {
  const told = {
    ...example.provenance,
    source: {
      ...example.provenance.source,
      external: [{ file: "data/weights.bin", bytes: 7, sha256: "ef".repeat(32) }],
    },
    datasets: [{ bytes: 5, sha256: "cd".repeat(32) }],
    commit: "ef".repeat(20),
    parent: { version: "0.9.0", manifest: "ab".repeat(32) },
  };
  const written = (provenance: object) => JSON.stringify({ ...example, provenance });

  test("is read where it is told, and absent where it is not", () => {
    expect(parseManifest(written(told)).provenance).toEqual(told);
    expect(Object.keys(parseManifest(JSON.stringify(example)).provenance)).toEqual([
      "source",
      "tools",
    ]);
  });

  test.each<[field: string, change: object]>([
    ["source.external", { source: { ...told.source, external: "weights.bin" } }],
    [
      "source.external[0].sha256",
      { source: { ...told.source, external: [{ file: "w", bytes: 1 }] } },
    ],
    ["datasets", { datasets: {} }],
    ["datasets[0].sha256", { datasets: [{ bytes: 5, sha256: "x" }] }],
    ["datasets[0].bytes", { datasets: [{ bytes: -1, sha256: "cd".repeat(32) }] }],
    ["commit", { commit: "abc1234" }],
    ["parent.version", { parent: { version: "../1", manifest: "ab".repeat(32) } }],
    ["parent.manifest", { parent: { version: "1" } }],
  ])("is refused at %s", (field, change) => {
    expect(() => parseManifest(written({ ...told, ...change }))).toThrow(
      `manifest: provenance.${field}: expected `,
    );
  });
});

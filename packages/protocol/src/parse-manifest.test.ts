// One file, though long: every field of one document, spoilt one at a time, from one valid example.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type ElementType, tensorBytes } from "./element-type.ts";
import type { BlobRef, Manifest, TensorRef } from "./manifest.ts";
import { parseManifest as parse } from "./parse-manifest.ts";
import { parseWholeManifest as parseManifest } from "./parse-whole-manifest.ts";
import { PIECE_BYTES, pieceCount } from "./pieces.ts";
import { SelvedgeError } from "./selvedge-error.ts";

/** Lays blobs out one after another in a segment, each with a digest of its own. */
function layout() {
  let end = 0;
  let digests = 0;
  const digest = () => (++digests).toString(16).padStart(64, "0");
  const blob = (bytes: number): BlobRef => {
    const at = { segment: 0, offset: end, length: bytes };
    end += bytes;
    const pieces = pieceCount(bytes);
    const chunks = pieces > 1 ? { chunks: Array.from({ length: pieces }, digest) } : {};
    return { bytes, sha256: digest(), at, ...chunks };
  };
  const tensor = (name: string, dtype: ElementType, dims: readonly number[]): TensorRef => ({
    name,
    dtype,
    dims,
    ...blob(tensorBytes(dtype, dims) ?? 0),
  });
  return { blob, tensor, segments: () => [{ sha256: digest(), bytes: end }] };
}

interface Weight {
  readonly dtype: ElementType;
  readonly dims: readonly number[];
  /** Bytes of the delta it has. */
  readonly deltaBytes?: number;
}

const measured = {
  error: { snrDb: 17.7, maxDifference: 0.1 },
  metrics: { cer: 0.02, r2: -0.5 },
  kept: ["conv.w", "head.w"],
  tolerance: { wasm: { absolute: 0.15, relative: 0.01 } },
};

function manifestWith(weights: readonly Weight[]): Manifest {
  const { blob, tensor, segments } = layout();
  const image = {
    format: 1 as const,
    runtime: { version: "1.30.0", wasm: "3a53".repeat(16), glue: "91ce".repeat(16) },
    madeOn: { host: "node", architecture: "x86" },
    settings: {},
    bare: { ...blob(1_100_000), unpackedBytes: 3_000_000 },
    difference: { ...blob(300_000), unpackedBytes: 900_000 },
  };
  const variants = (["fp32", "q8"] as const).map((dtype) => ({
    dtype,
    engine: "onnx",
    backends: ["wasm", "webgpu"],
    requires: ["shader-f16"],
    memoryBytes: 20_000_000,
    graph: {
      ...blob(900),
      delta: { base: "9ab4".repeat(16), codec: "sub-zz-shuf+gzip" as const, ...blob(90) },
    },
    tensors: weights.map(({ dtype: type, dims, deltaBytes }, index) => {
      const ref = tensor(`w${index}`, type, dims);
      if (deltaBytes === undefined || deltaBytes >= ref.bytes) return ref;
      const base = "ba5e".repeat(16);
      return { ...ref, delta: { base, codec: "sub-zz-shuf+gzip" as const, ...blob(deltaBytes) } };
    }),
    ...(dtype === "fp32" ? { images: [image] } : measured),
  }));
  return {
    format: "selvedge.pack/1",
    name: "ocr-rec",
    version: "1.0.0",
    license: "Apache-2.0",
    provenance: {
      source: { file: "rec.onnx", bytes: 10_821_234, sha256: "ab".repeat(32) },
      tools: { "onnxruntime-web": "1.30.0" },
    },
    signature: {
      inputs: [{ name: "x", dtype: "float32", dims: [-1, 3, 48, -1] }],
      outputs: [{ name: "y", dtype: "float32", dims: [-1, -1, 6625] }],
    },
    golden: {
      tolerance: {
        wasm: { absolute: 0, relative: 1e-5 },
        webgpu: { absolute: 1e-4, relative: 0.01 },
      },
      cases: [
        {
          inputs: [tensor("x", "float32", [1, 3, 48, 16])],
          outputs: [{ ...tensor("y", "float32", [1, 2, 5]), scale: 0.5 }],
          dtypes: ["fp32"],
        },
      ],
      spread: { wasm: 2.5e-7, webgpu: 1e-5 },
    },
    attachments: [{ name: "labels.txt", ...blob(26_000) }],
    tests: {
      evaluation: {
        bytes: 4_000,
        sha256: "e7a1".repeat(16),
        cases: 60,
        metrics: [{ metric: "cer", max: 0.03 }, { metric: "r2", min: -1 }, { metric: "exact" }],
      },
      regression: { bytes: 200, sha256: "4e94".repeat(16), cases: 3 },
      vocabulary: { bytes: 26_000, sha256: "0cab".repeat(16) },
      output: "y",
    },
    variants,
    segments: segments(),
  };
}

const example = manifestWith([
  { dtype: "float32", dims: [600, 1000], deltaBytes: 1_400_000 },
  { dtype: "int64", dims: [] },
]);

/** A copy of a manifest as plain JSON, to be spoilt. */
// biome-ignore lint/suspicious/noExplicitAny: spoiling a document means writing what its type forbids
function copyOf(manifest: Manifest): any {
  return JSON.parse(JSON.stringify(manifest));
}

interface Place {
  readonly path: string;
  readonly key: string;
  /** The object or list that has `key`, in a given copy of the document. */
  readonly parentIn: (document: unknown) => Record<string, unknown>;
  readonly value: unknown;
}

/** Every value in a document, with the path by which an error would name it. */
function placesIn(
  value: unknown,
  path = "",
  find = (document: unknown) => document as Record<string, unknown>,
): Place[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, child]: [string, unknown]) => {
    const childPath = Array.isArray(value)
      ? `${path}[${key}]`
      : path === ""
        ? key
        : `${path}.${key}`;
    const place = { path: childPath, key, parentIn: find, value: child };
    const findChild = (document: unknown) => find(document)[key] as Record<string, unknown>;
    return [place, ...placesIn(child, childPath, findChild)];
  });
}

function failureOf(document: unknown): SelvedgeError {
  const text = typeof document === "string" ? document : JSON.stringify(document);
  try {
    parseManifest(text);
  } catch (error) {
    if (error instanceof SelvedgeError) return error;
    throw error;
  }
  throw new Error(`accepted ${text}`);
}

/** Values that no field of the same kind as `value` may have. */
function junkFor({ value, path }: Place): unknown[] {
  const always = [null, true];
  if (Array.isArray(value)) return [...always, 5, "x", {}];
  if (typeof value === "object") return [...always, 5, "x", []];
  if (typeof value === "string") return [...always, 5, {}, [], "", " "];
  const fraction = /tolerance|error|scale|spread|metrics/.test(path) ? [] : [1.5, 2 ** 53];
  // What is measured may be below zero.
  const negative = /metrics/.test(path) ? [] : [-7];
  return [...always, "5", {}, [], ...negative, ...fraction];
}

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

describe("a manifest with one thing wrong is refused by a message that names it:", () => {
  const places = placesIn(example);
  /** Which tools made a pack is its packer's to say; whether a tensor has a delta is too, and fp32 has no error. What was tested is its owner's. */
  const optional =
    /^provenance\.tools\.|\.delta$|\.error$|\.kept$|^variants.*\.(tolerance(\.wasm)?|metrics(\.\w+)?)$|\.scale$|\.dtypes$|\.spread|\.images$|\.(min|max)$|^tests(\.(evaluation|regression|vocabulary|output))?$/;
  const required = places.filter(({ path }) => !path.endsWith("]") && !optional.test(path));

  test.each(required)("$path is missing", ({ path, key, parentIn }) => {
    const document = copyOf(example);
    delete parentIn(document)[key];
    const error = failureOf(document);
    expect(error).toMatchObject({ code: "manifest-invalid", detail: { field: path } });
    expect(error.message).toContain(`manifest: ${path}: expected `);
    expect(error.message).toContain("got nothing");
  });

  test.each(places)("$path is something else", (place) => {
    for (const junk of junkFor(place)) {
      const document = copyOf(example);
      place.parentIn(document)[place.key] = junk;
      const error = failureOf(document);
      expect([error.code, error.detail["field"]]).toEqual(["manifest-invalid", place.path]);
      expect(error.message).toContain(`manifest: ${place.path}: expected `);
    }
  });

  test.each<[wrong: string, field: string, spoil: (manifest: ReturnType<typeof copyOf>) => void]>([
    ["a name that leads out of the registry", "name", (m) => (m.name = "../x")],
    ["a version that is a folder of the layout", "version", (m) => (m.version = "segments")],
    ["another format", "format", (m) => (m.format = "selvedge.pack/one")],
    ["no variants", "variants", (m) => (m.variants = [])],
    ["an unknown precision", "variants[0].dtype", (m) => (m.variants[0].dtype = "fp8")],
    ["one place twice", "variants[1]", (m) => (m.variants[1].dtype = "fp32")],
    [
      "one place twice, its needs in another order",
      "variants[1]",
      ({ variants: [first, second] }) => {
        Object.assign(first, { requires: ["a", "b"] });
        Object.assign(second, { dtype: "fp32", requires: ["b", "a"] });
      },
    ],
    [
      "one need twice",
      "variants[0].requires",
      (m) => (m.variants[0].requires = ["shader-f16", "shader-f16"]),
    ],
    [
      "one weight kept twice",
      "variants[1].kept",
      (m) => (m.variants[1].kept = ["head.w", "head.w"]),
    ],
    ["nowhere to run", "variants[0].backends", (m) => (m.variants[0].backends = [])],
    [
      "two tensors of one name",
      "variants[0].tensors[1].name",
      (m) => (m.variants[0].tensors[1].name = "w0"),
    ],
    [
      "two inputs of one name",
      "signature.inputs[1].name",
      (m) => m.signature.inputs.push(m.signature.inputs[0]),
    ],
    ["two files of one name", "attachments[1].name", (m) => m.attachments.push(m.attachments[0])],
    ["a file with a folder", "attachments[0].name", (m) => (m.attachments[0].name = "../labels")],
    [
      "dims that do not multiply to the bytes",
      "variants[0].tensors[0].bytes",
      (m) => (m.variants[0].tensors[0].dims = [600, 999]),
    ],
    [
      "dims that overflow",
      "variants[0].tensors[0].dims",
      (m) => (m.variants[0].tensors[0].dims = [2 ** 30, 2 ** 30]),
    ],
    [
      "dims that overflow and vanish",
      "variants[0].tensors[0].dims",
      (m) => (m.variants[0].tensors[0].dims = [...new Array(30).fill(2 ** 40), 0]),
    ],
    [
      "a tensor of strings",
      "variants[0].tensors[1].dtype",
      (m) => (m.variants[0].tensors[1].dtype = "string"),
    ],
    ["a length that differs", "attachments[0].at.length", (m) => (m.attachments[0].at.length = 5)],
    [
      "a segment that is not listed",
      "variants[0].graph.at.segment",
      (m) => (m.variants[0].graph.at.segment = 1),
    ],
    ["no segments at all", "variants[0].graph.at.segment", (m) => (m.segments = [])],
    [
      "a range past its segment",
      "attachments[0].at.offset",
      (m) => (m.attachments[0].at.offset = Number.MAX_SAFE_INTEGER),
    ],
    [
      "a range one byte past its segment",
      "attachments[0].at.offset",
      (m) => (m.segments[0].bytes -= 1),
    ],
    [
      "a piece too few",
      "variants[0].tensors[0].chunks",
      (m) => m.variants[0].tensors[0].chunks.pop(),
    ],
    [
      "one piece with a digest of its own",
      "attachments[0].chunks",
      (m) => (m.attachments[0].chunks = ["cd".repeat(32)]),
    ],
    [
      "one digest for blobs of different sizes",
      "variants[1].graph.sha256",
      (m) => (m.variants[1].graph.sha256 = m.variants[0].tensors[1].sha256),
    ],
    [
      "one digest for blobs of different pieces",
      "variants[1].tensors[0].sha256",
      (m) => (m.variants[1].tensors[0].sha256 = m.variants[0].tensors[0].sha256),
    ],
    [
      "a tensor that is its own base",
      "variants[0].tensors[0].delta.base",
      ({
        variants: [
          {
            tensors: [tensor],
          },
        ],
      }) => (tensor.delta.base = tensor.sha256),
    ],
    [
      "a graph that is its own base",
      "variants[0].graph.delta.base",
      ({ variants: [{ graph }] }) => (graph.delta.base = graph.sha256),
    ],
    [
      "an image that would unpack to more than there is room for",
      "variants[0].images[0].bare.unpackedBytes",
      (m) => (m.variants[0].images[0].bare.unpackedBytes = 2 ** 40),
    ],
    [
      "an image of an endless number",
      "variants[0].images",
      (m) => (m.variants[0].images = new Array(17).fill(m.variants[0].images[0])),
    ],
    [
      "an image whose session was created with a list",
      "variants[0].images[0].settings.level",
      (m) => (m.variants[0].images[0].settings = { level: [] }),
    ],
    [
      "an image past its segment",
      "variants[0].images[0].difference.at.offset",
      (m) => (m.variants[0].images[0].difference.at.offset = 2 ** 50),
    ],
    [
      "a delta that saves nothing",
      "variants[0].tensors[0].delta.bytes",
      ({
        variants: [
          {
            tensors: [tensor],
          },
        ],
      }) =>
        Object.assign(tensor.delta, {
          bytes: tensor.bytes,
          at: { ...tensor.delta.at, offset: 0, length: tensor.bytes },
          chunks: [...tensor.delta.chunks, "cd".repeat(32)],
        }),
    ],
    [
      "a delta outside its segment",
      "variants[0].tensors[0].delta.at.segment",
      (m) => (m.variants[0].tensors[0].delta.at.segment = 7),
    ],
    [
      "a delta with the digest of a tensor of another size",
      "variants[0].tensors[0].delta.sha256",
      (m) => (m.variants[0].tensors[0].delta.sha256 = m.variants[0].graph.sha256),
    ],
    ["tests of nothing", "tests", (m) => (m.tests = { output: "y" })],
    ["an evaluation of nothing", "tests.evaluation.cases", (m) => (m.tests.evaluation.cases = 0)],
    ["no metrics", "tests.evaluation.metrics", (m) => (m.tests.evaluation.metrics = [])],
    [
      "one metric twice",
      "tests.evaluation.metrics[1].metric",
      (m) => (m.tests.evaluation.metrics[1].metric = "cer"),
    ],
    [
      "a value of a metric that no test measured",
      "variants[1].metrics.wer",
      (m) => (m.variants[1].metrics.wer = 0.1),
    ],
    ["a value above its bar", "variants[1].metrics.cer", (m) => (m.variants[1].metrics.cer = 0.04)],
    ["a value below its bar", "variants[1].metrics.r2", (m) => (m.variants[1].metrics.r2 = -2)],
    ["values without an evaluation", "variants[1].metrics.cer", (m) => delete m.tests.evaluation],
    [
      "no tolerance for a backend",
      "golden.tolerance.webgpu",
      (m) => delete m.golden.tolerance.webgpu,
    ],
    ["a nameless tolerance", "golden.tolerance", (m) => (m.golden.tolerance[""] = {})],
    [
      "a golden input nobody asks for",
      "golden.cases[0].inputs[0].name",
      (m) => (m.golden.cases[0].inputs[0].name = "z"),
    ],
    [
      "a golden answer of another type",
      "golden.cases[0].outputs[0].dtype",
      (m) => (m.golden.cases[0].outputs[0].dtype = "int32"),
    ],
    ["a golden input too few", "golden.cases[0].inputs", (m) => (m.golden.cases[0].inputs = [])],
    [
      "a golden case for a precision that is not there",
      "golden.cases[0].dtypes[0]",
      (m) => (m.golden.cases[0].dtypes = ["fp16"]),
    ],
    [
      "golden without an answer",
      "golden.cases[0].outputs",
      (m) => (m.golden.cases[0].outputs = []),
    ],
  ])("%s, at %s", (_, field, spoil) => {
    const document = copyOf(example);
    spoil(document);
    expect(failureOf(document)).toMatchObject({ code: "manifest-invalid", detail: { field } });
  });
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

test("an absent field is absent even where every object inherits one of that name", () => {
  const document = copyOf(example);
  document.variants[0].backends = ["constructor"];
  expect(failureOf(document).detail).toEqual({ field: "golden.tolerance.constructor" });
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

test("a newer format asks for a newer Selvedge, whatever else is in it", () => {
  const error = failureOf({ format: "selvedge.pack/2" });
  expect(error.code).toBe("manifest-unsupported");
  expect(error.message).toContain("Update Selvedge");
  expect(error.detail).toEqual({ format: "selvedge.pack/2" });
});

test("a web page in place of a manifest is called one", () => {
  const error = failureOf("\n<!doctype html><title>Not found</title>");
  expect(error.code).toBe("manifest-invalid");
  expect(error.message).toContain("manifest: expected JSON, got a web page");
  expect(error.cause).toBeInstanceOf(SyntaxError);
});

test.each(["", "null", "[]", "5", '"selvedge.pack/1"', '{"format":"selvedge.pack/1"', "\0"])(
  "%j is no manifest",
  (text) => {
    expect(failureOf(text)).toMatchObject({ code: "manifest-invalid" });
  },
);

test("nesting as deep as a stack is refused like anything else", () => {
  const deep = "[".repeat(200_000) + "]".repeat(200_000);
  expect(failureOf(`{"format":${deep}}`)).toMatchObject({ detail: { field: "format" } });
});

test("no other text is accepted, and none fails with anything but a SelvedgeError", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
      expect(failureOf(text)).toBeInstanceOf(SelvedgeError);
    }),
  );
});

test("the message says which document and what was found, in brief", () => {
  const document = copyOf(example);
  document.license = 5;
  const text = JSON.stringify(document);
  expect(() => parseManifest(text, "manifest of ocr-rec@1.0.0")).toThrow(
    "manifest of ocr-rec@1.0.0: license: expected a string, got 5.",
  );
  document.version = "9".repeat(5000);
  expect(failureOf(document).message.length).toBeLessThan(150);
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

// One file, though long: every field of one document, spoilt one at a time, from one valid example.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { example } from "./manifest.fixture.ts";
import { parseWholeManifest as parseManifest } from "./parse-whole-manifest.ts";
import { SelvedgeError } from "./selvedge-error.ts";
import { copyOf, failureOf, type Place, placesIn } from "./spoilt-manifest.fixture.ts";

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

test("an absent field is absent even where every object inherits one of that name", () => {
  const document = copyOf(example);
  document.variants[0].backends = ["constructor"];
  expect(failureOf(document).detail).toEqual({ field: "golden.tolerance.constructor" });
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

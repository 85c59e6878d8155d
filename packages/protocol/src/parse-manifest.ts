import { ELEMENT_TYPES } from "./element-type.ts";
import { Field } from "./field.ts";
import {
  DTYPES,
  type GoldenCase,
  type GoldenOutput,
  isCommit,
  isFileName,
  MANIFEST_FORMAT,
  type Manifest,
  type Provenance,
  type ReleaseTests,
  type ShippedImage,
  type Tolerance,
  type ValueInfo,
  type Variant,
} from "./manifest.ts";
import { blobRef, type PackBlobs, tensorRef, withDelta } from "./parse-blob.ts";
import { parseReference } from "./parse-reference.ts";
import { isModelName, isVersion } from "./registry-layout.ts";
import { SelvedgeError } from "./selvedge-error.ts";

/** Reads what a model had to pass before it was released. */
export interface ReadTests {
  readonly tests: (field: Field) => ReleaseTests;
  /** Of a variant: what it came to. */
  readonly metrics: (field: Field, tests: ReleaseTests | undefined) => Record<string, number>;
}

/** What reads the parts of a manifest that only some have a use for. */
export interface PartReaders {
  /** Those of a variant; see `shippedImages`. */
  readonly images?: (field: Field, pack: PackBlobs) => ShippedImage[];
  /** See `releaseTests`. */
  readonly tests?: ReadTests;
}

/**
 * Reads a manifest and checks everything that can be checked without the bytes it speaks of. Fields
 * it does not know are ignored. Blobs may overlap: each is held to its own digest.
 *
 * @param readers of parts that are left out otherwise: who has no use for one need not carry what reads it
 * @throws SelvedgeError `manifest-invalid`, naming the field, or `manifest-unsupported` for a format
 * this code is too old for.
 */
export function parseManifest(
  text: string,
  document = "manifest",
  readers: PartReaders = {},
): Manifest {
  const root = Field.fromJson(text, document, "manifest-invalid");
  const format = root.at("format").string();
  if (format !== MANIFEST_FORMAT) {
    if (!/^selvedge\.pack\/\d+$/.test(format)) root.at("format").fail(`"${MANIFEST_FORMAT}"`);
    throw new SelvedgeError(
      "manifest-unsupported",
      `${document}: written as ${format}, but this version of Selvedge reads ${MANIFEST_FORMAT}. Update Selvedge, or pack the model again with a matching version.`,
      { detail: { format } },
    );
  }
  const segments = root
    .at("segments")
    .items()
    .map((segment) => ({
      sha256: segment.at("sha256").sha256(),
      bytes: segment.at("bytes").integer({ min: 0 }),
    }));
  const pack: PackBlobs = { segments, blobs: new Map() };
  const signature = {
    inputs: named(root.at("signature").at("inputs"), valueInfo),
    outputs: named(root.at("signature").at("outputs"), valueInfo),
  };
  const tests = readers.tests && root.at("tests").optional(readers.tests.tests);
  const reference = root.at("reference").optional((item) => parseReference(item, signature));
  const variants = variantList(root.at("variants"), { pack, tests, readers });
  return {
    format: MANIFEST_FORMAT,
    name: root.at("name").stringThat(isModelName, "a model name"),
    version: root.at("version").stringThat(isVersion, "a version"),
    license: root.at("license").text(),
    provenance: provenance(root.at("provenance")),
    signature,
    segments,
    golden: golden(root.at("golden"), { pack, signature, variants }),
    attachments: named(root.at("attachments"), (attachment) => ({
      name: attachment.at("name").stringThat(isFileName, "a file name without folders"),
      ...blobRef(attachment, pack),
    })),
    ...(reference === undefined ? {} : { reference }),
    ...(tests === undefined ? {} : { tests }),
    variants,
  };
}

function provenance(field: Field): Provenance {
  const source = field.at("source");
  const external = source.at("external").optional((list) => list.items().map(sourceFile));
  const datasets = field.at("datasets").optional((list) =>
    list.items().map((dataset) => ({
      bytes: dataset.at("bytes").integer({ min: 0 }),
      sha256: dataset.at("sha256").sha256(),
    })),
  );
  const commit = field
    .at("commit")
    .optional((item) => item.stringThat(isCommit, "a commit of 40 or 64 lower-case hex digits"));
  const parent = field.at("parent").optional((item) => ({
    version: item.at("version").stringThat(isVersion, "a version"),
    manifest: item.at("manifest").sha256(),
  }));
  return {
    source: { ...sourceFile(source), ...(external === undefined ? {} : { external }) },
    tools: field.at("tools").record((tool) => tool.text()),
    ...(datasets === undefined ? {} : { datasets }),
    ...(commit === undefined ? {} : { commit }),
    ...(parent === undefined ? {} : { parent }),
  };
}

function sourceFile(field: Field): { file: string; bytes: number; sha256: string } {
  return {
    file: field.at("file").text(),
    bytes: field.at("bytes").integer({ min: 0 }),
    sha256: field.at("sha256").sha256(),
  };
}

function variantList(
  field: Field,
  {
    pack,
    tests,
    readers,
  }: { pack: PackBlobs; tests: ReleaseTests | undefined; readers: PartReaders },
): Variant[] {
  const { images: readImages, tests: readTests } = readers;
  const taken = new Set<string>();
  const variants = field.items().map((variant): Variant => {
    const dtype = variant.at("dtype").oneOf(DTYPES);
    const backends = variant
      .at("backends")
      .items()
      .map((backend) => backend.text());
    if (backends.length === 0) variant.at("backends").fail("at least one backend");
    const requires = features(variant.at("requires"));
    const needs = requires.length === 0 ? "" : ` with ${requires.join(" and ")}`;
    for (const place of backends.map((backend) => `${dtype} on ${backend}${needs}`)) {
      if (taken.has(place)) variant.fail(`the only variant for ${place}`);
      taken.add(place);
    }
    const error = variant.at("error").optional((measured) => ({
      snrDb: measured.at("snrDb").number({ min: 0 }),
      maxDifference: measured.at("maxDifference").number({ min: 0 }),
    }));
    const metrics =
      readTests && variant.at("metrics").optional((own) => readTests.metrics(own, tests));
    const kept = variant.at("kept").optional(distinctNames);
    const tolerance = variant.at("tolerance").optional((own) => own.record(toleranceItem));
    const graph = withDelta(variant.at("graph"), blobRef(variant.at("graph"), pack), pack);
    const tensors = named(variant.at("tensors"), (tensor) => tensorRef(tensor, pack));
    const images = readImages && variant.at("images").optional((list) => readImages(list, pack));
    return {
      dtype,
      engine: variant.at("engine").text(),
      backends,
      requires,
      memoryBytes: variant.at("memoryBytes").integer({ min: 0 }),
      graph,
      tensors,
      ...(error === undefined ? {} : { error }),
      ...(metrics === undefined ? {} : { metrics }),
      ...(kept === undefined ? {} : { kept }),
      ...(tolerance === undefined ? {} : { tolerance }),
      ...(images === undefined ? {} : { images }),
    };
  });
  return variants.length > 0 ? variants : field.fail("at least one variant");
}

/** Sorted, so that two variants that need the same are known to. */
function features(field: Field): string[] {
  return distinctNames(field).sort();
}

function distinctNames(field: Field): string[] {
  const names = field.items().map((item) => item.text());
  return new Set(names).size === names.length ? names : field.fail("names that differ");
}

function golden(
  field: Field,
  {
    pack,
    signature,
    variants,
  }: { pack: PackBlobs; signature: Manifest["signature"]; variants: readonly Variant[] },
): Manifest["golden"] {
  const tolerance = field.at("tolerance").record(toleranceItem);
  const cases = field
    .at("cases")
    .items()
    .map((item) => goldenCase(item, { pack, signature, variants }));
  if (cases.length > 0)
    for (const backend of variants.flatMap((variant) => variant.backends))
      if (tolerance[backend] === undefined)
        field.at("tolerance").at(backend).fail("a tolerance, since a variant may run there");
  const spread = field
    .at("spread")
    .optional((own) => own.record((share) => share.number({ min: 0 })));
  return { tolerance, cases, ...(spread === undefined ? {} : { spread }) };
}

function toleranceItem(field: Field): Tolerance {
  return {
    absolute: field.at("absolute").number({ min: 0 }),
    relative: field.at("relative").number({ min: 0 }),
  };
}

function goldenCase(
  field: Field,
  {
    pack,
    signature,
    variants,
  }: { pack: PackBlobs; signature: Manifest["signature"]; variants: readonly Variant[] },
): GoldenCase {
  const known = (values: readonly ValueInfo[]) => (tensor: Field) => {
    const ref = tensorRef(tensor, pack, { mayBeStrings: true });
    const value = values.find(({ name }) => name === ref.name);
    if (value === undefined) return tensor.at("name").fail("a name from the signature");
    if (ref.dtype !== value.dtype) tensor.at("dtype").fail(`"${value.dtype}"`);
    return ref;
  };
  const inputs = named(field.at("inputs"), known(signature.inputs));
  if (inputs.length < signature.inputs.length)
    field.at("inputs").fail(`all ${signature.inputs.length} inputs of the signature`);
  const output = known(signature.outputs);
  const outputs = named(field.at("outputs"), (tensor): GoldenOutput => {
    const scale = tensor.at("scale").optional((item) => item.number({ min: 0 }));
    return { ...output(tensor), ...(scale === undefined ? {} : { scale }) };
  });
  // A case without an answer would hold on every device.
  if (outputs.length === 0) field.at("outputs").fail("at least one output");
  const packed = variants.map(({ dtype }) => dtype);
  const dtypes = field
    .at("dtypes")
    .optional((list) => list.items().map((dtype) => dtype.oneOf(packed)));
  return { inputs, outputs, ...(dtypes === undefined ? {} : { dtypes }) };
}

/** Reads a list in which no name may come twice. */
function named<T extends { readonly name: string }>(field: Field, read: (item: Field) => T): T[] {
  const names = new Set<string>();
  return field.items().map((item) => {
    const value = read(item);
    if (names.has(value.name)) item.at("name").fail("a name that comes once in its list");
    names.add(value.name);
    return value;
  });
}

function valueInfo(field: Field): ValueInfo {
  return {
    name: field.at("name").text(),
    dtype: field.at("dtype").oneOf(ELEMENT_TYPES),
    dims: field
      .at("dims")
      .items()
      .map((dim) => dim.integer({ min: -1 })),
  };
}

import type { Field } from "./field.ts";
import type { Manifest } from "./manifest.ts";
import { MEASURES, type Reference, type ReferenceFeature } from "./reference.ts";

/** The most features that a reference tells of. */
export const MAX_FEATURES = 64;

/** The most bins that a feature has. */
export const MAX_BINS = 32;

/** The longest a feature's name or a category may be. */
const MAX_NAME = 128;

/** What a reference may take of a manifest, which devices fetch with every version. */
export const MAX_REFERENCE_BYTES = 32_768;

/** What is measured as one of a few names. */
const NAMED: readonly string[] = ["category", "class", "alphabet"];

/** Reads what a model's inputs and outputs were like; every feature is of a tensor of the signature. */
export function parseReference(field: Field, signature: Manifest["signature"]): Reference {
  const names = new Set<string>();
  const items = field.at("features").items();
  if (items.length > MAX_FEATURES) field.at("features").fail(`${MAX_FEATURES} features at most`);
  const features = items.map((item) => {
    const feature = oneFeature(item, signature);
    if (names.has(feature.name)) item.at("name").fail("a name that comes once");
    names.add(feature.name);
    return feature;
  });
  const reference = { samples: field.at("samples").integer({ min: 0 }), features };
  // Escapes and characters of several bytes count as what they take.
  if (new TextEncoder().encode(JSON.stringify(reference)).length > MAX_REFERENCE_BYTES)
    field.fail(`at most ${MAX_REFERENCE_BYTES} bytes`);
  return reference;
}

function oneFeature(field: Field, signature: Manifest["signature"]): ReferenceFeature {
  const name = field.at("name").stringThat(isShort, `a name of 1 to ${MAX_NAME} characters`);
  const side = field.at("side").oneOf(["input", "output"]);
  const known = side === "input" ? signature.inputs : signature.outputs;
  const tensor = field
    .at("tensor")
    .stringThat(
      (text) => known.some((value) => value.name === text),
      `an ${side} of the signature`,
    );
  const element = field.at("element").optional((item) => item.integer({ min: 0 }));
  const measure = field.at("measure").oneOf(MEASURES);
  const bins = NAMED.includes(measure) ? categories(field) : numbers(field);
  const counts = field.at("counts").items();
  const expected = bins.categories?.length ?? (bins.edges?.length ?? 0) + 1;
  if (counts.length !== expected) field.at("counts").fail(`${expected} counts, one a bin`);
  const unseen = field.at("unseen").optional((item) => item.integer({ min: 0 }));
  return {
    name,
    side,
    tensor,
    ...(element === undefined ? {} : { element }),
    measure,
    ...bins,
    counts: counts.map((count) => count.integer({ min: 0 })),
    missing: field.at("missing").integer({ min: 0 }),
    ...(unseen === undefined ? {} : { unseen }),
  };
}

type Bins = Pick<ReferenceFeature, "edges" | "range" | "categories">;

function categories(field: Field): Bins {
  if (field.at("edges").isPresent) field.at("edges").fail("no edges, as it is one of categories");
  const list = field.at("categories");
  const names = list.items().map((item) => item.stringThat(isShort, "a short text"));
  if (names.length === 0 || names.length > MAX_BINS) list.fail(`1 to ${MAX_BINS} categories`);
  if (new Set(names).size < names.length) list.fail("categories that differ");
  return { categories: names };
}

function numbers(field: Field): Bins {
  if (field.at("categories").isPresent)
    field.at("categories").fail("no categories, as it is one of numbers");
  const list = field.at("edges");
  const edges = list.items().map((edge) => edge.number({ min: Number.NEGATIVE_INFINITY }));
  if (edges.length >= MAX_BINS) list.fail(`fewer than ${MAX_BINS} edges`);
  if (edges.some((edge, place) => edge <= (edges[place - 1] ?? Number.NEGATIVE_INFINITY)))
    list.fail("edges in ascending order");
  const range = field.at("range").optional(rangeOf);
  return { edges, ...(range === undefined ? {} : { range }) };
}

function rangeOf(field: Field): [min: number, max: number] {
  const [min, max, ...others] = field
    .items()
    .map((end) => end.number({ min: Number.NEGATIVE_INFINITY }));
  if (min === undefined || max === undefined || others.length > 0 || min > max)
    return field.fail("two numbers in ascending order");
  return [min, max];
}

function isShort(text: string): boolean {
  return text !== "" && text.length <= MAX_NAME;
}

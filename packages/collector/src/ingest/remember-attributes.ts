import type { DecodedAttributes } from "./decode-attributes.ts";

/** Sets of attributes that are remembered, and how many attributes such a set has at most. */
const MAX_SETS = 1000;
const MAX_ATTRIBUTES = 16;

/** What follows in a list of attributes: by key, by value, by key, and so on. */
interface Place {
  readonly next: Map<string, Place>;
  decoded: DecodedAttributes | undefined;
}

/**
 * Remembers what attributes were read as: points of a request have few sets of them, and comparing takes a
 * third of reading. Points of one set are given the very same object. Only texts are compared, in the
 * order in which they come; everything else is read.
 *
 * @param read what is remembered; where it throws there is nothing to remember
 */
export function rememberAttributes(
  read: (attributes: unknown) => DecodedAttributes,
): (attributes: unknown) => DecodedAttributes {
  const root: Place = { next: new Map(), decoded: undefined };
  let sets = 0;
  return (attributes) => {
    const place = sets < MAX_SETS ? placeOf(root, attributes) : undefined;
    if (place === undefined) return read(attributes);
    if (place.decoded === undefined) {
      sets += 1;
      place.decoded = read(attributes);
    }
    return place.decoded;
  };
}

function placeOf(root: Place, attributes: unknown): Place | undefined {
  if (!Array.isArray(attributes) || attributes.length > MAX_ATTRIBUTES) return undefined;
  let place = root;
  for (const attribute of attributes as readonly unknown[]) {
    const { key, value } = (attribute ?? {}) as {
      readonly key?: unknown;
      readonly value?: unknown;
    };
    const { stringValue } = (value ?? {}) as { readonly stringValue?: unknown };
    if (typeof key !== "string" || typeof stringValue !== "string") return undefined;
    place = after(after(place, key), stringValue);
  }
  return place;
}

function after({ next }: Place, text: string): Place {
  const known = next.get(text);
  if (known !== undefined) return known;
  const place: Place = { next: new Map(), decoded: undefined };
  next.set(text, place);
  return place;
}

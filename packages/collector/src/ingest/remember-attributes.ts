import { ATTRIBUTES } from "@selvedge/protocol";
import type { Labels } from "../store/store.ts";
import type { DecodedAttributes } from "./decode-attributes.ts";

/** Texts that are remembered; with more, all are forgotten and read again. */
const MAX_PLACES = 50_000;

/** Longer texts are not worth remembering, or refused. */
const MAX_CHARS = 128;

const KEYS: ReadonlySet<unknown> = new Set(Object.values(ATTRIBUTES));

/** What attributes were read as, over many requests. */
export interface AttributesMemory {
  /**
   * What attributes say, remembered or read: of the same ones, in the same order, the very same object.
   * Only labels are remembered: their names are known, and they are what most points have.
   *
   * @param ofResource labels that a point has from its resource
   * @param read what is remembered; where it throws there is nothing to remember
   */
  recall(attributes: unknown, ofResource: Labels, read: () => DecodedAttributes): DecodedAttributes;
}

/** Where one is after some texts: two of the resource, then a key and a value for each attribute. */
interface Place {
  readonly next: Map<unknown, Place>;
  decoded: DecodedAttributes | undefined;
}

/**
 * Makes a memory of labels. Devices send the same few sets of them again and again: to go from text to text
 * takes a tenth of reading, and what is the same object need not be compared again.
 */
export function createAttributesMemory(): AttributesMemory {
  let start = createPlace();
  let places = 0;
  const after = (place: Place, text: unknown, isKept: (text: unknown) => boolean) => {
    const known = place.next.get(text);
    if (known !== undefined || !isKept(text)) return known;
    const next = createPlace();
    place.next.set(text, next);
    places += 1;
    return next;
  };
  const find = (attributes: unknown, { browser, device }: Labels): Place | undefined => {
    if (!Array.isArray(attributes) || attributes.length > KEYS.size) return undefined;
    const ofBrowser = after(start, browser, isResourceLabel);
    let place = ofBrowser && after(ofBrowser, device, isResourceLabel);
    for (const attribute of attributes as readonly (Attribute | null)[]) {
      const ofKey = place && after(place, attribute?.key, isLabel);
      place = ofKey && after(ofKey, attribute?.value?.stringValue, isText);
      if (place === undefined) return undefined;
    }
    return place;
  };
  return {
    recall: (attributes, ofResource, read) => {
      if (places > MAX_PLACES) {
        start = createPlace();
        places = 0;
      }
      const place = find(attributes, ofResource);
      if (place === undefined) return read();
      place.decoded ??= read();
      return place.decoded;
    },
  };
}

/** What stands in a list of attributes is one at best. */
interface Attribute {
  readonly key?: unknown;
  readonly value?: { readonly stringValue?: unknown } | null;
}

function createPlace(): Place {
  return { next: new Map(), decoded: undefined };
}

function isLabel(text: unknown): boolean {
  return KEYS.has(text);
}

function isText(text: unknown): boolean {
  return typeof text === "string" && text.length <= MAX_CHARS;
}

function isResourceLabel(text: unknown): boolean {
  return text === undefined || isText(text);
}

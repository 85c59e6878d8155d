import { ATTRIBUTES } from "@selvedge/protocol";
import type { Labels } from "../store/store.ts";
import type { DecodedAttributes } from "./decode-attributes.ts";

/** Sets of labels that are remembered; with more, all are forgotten and read again. */
const MAX_SETS = 10_000;

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

/**
 * Makes a memory of labels. Devices send the same few sets of them again and again: to compare takes a
 * third of reading, and what is the same object need not be compared again.
 */
export function createAttributesMemory(): AttributesMemory {
  const known = new Map<string, DecodedAttributes>();
  return {
    recall: (attributes, ofResource, read) => {
      const key = keyOf(attributes, ofResource);
      if (key === undefined) return read();
      const remembered = known.get(key);
      if (remembered !== undefined) return remembered;
      if (known.size >= MAX_SETS) known.clear();
      const decoded = read();
      known.set(key, decoded);
      return decoded;
    },
  };
}

/** With the length of each text, so that none can pass for two; no name of a label has a digit or a colon. */
function keyOf(attributes: unknown, ofResource: Labels): string | undefined {
  if (!Array.isArray(attributes) || attributes.length > KEYS.size) return undefined;
  let text = "";
  for (const label of [ofResource.browser, ofResource.device])
    text += label === undefined ? "|" : `${label.length}:${label}`;
  for (const attribute of attributes as readonly unknown[]) {
    const { key, value } = (attribute ?? {}) as {
      readonly key?: unknown;
      readonly value?: unknown;
    };
    const { stringValue } = (value ?? {}) as { readonly stringValue?: unknown };
    if (!KEYS.has(key) || typeof stringValue !== "string" || stringValue.length > MAX_CHARS)
      return undefined;
    text += `${key}${stringValue.length}:${stringValue}`;
  }
  return text;
}

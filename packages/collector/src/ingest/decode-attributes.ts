import {
  ATTRIBUTES,
  BATCH_ID,
  type OtlpAttribute,
  type OtlpResource,
  type OtlpValue,
  SelvedgeError,
} from "@selvedge/protocol";
import type { Labels } from "../store/store.ts";
import { objectAt } from "./read-fields.ts";
import { Refusal } from "./refusals.ts";

const MAX_ATTRIBUTES = 64;
const MAX_KEY_CHARS = 128;
const MAX_BATCH_ID_CHARS = 128;
const MAX_RESOURCE_CHARS = 1024;

/** Of a resource's attributes together: each of ten thousand rows that one request brings has them. */
const MAX_RESOURCE_JSON_CHARS = 2048;
const MAX_LABEL_CHARS = 128;

/** A value that an attribute can have here. */
export type AttributeValue = string | number | boolean;

type Attributes = Record<string, AttributeValue>;

/** What the attributes of a point say. */
export interface DecodedAttributes {
  readonly labels: Labels;
  /** Those that were to be taken, by their keys. */
  readonly taken: Readonly<Attributes>;
  /** All the others, as a JSON object; `undefined` where there are none. */
  readonly attributes: string | undefined;
}

/** Which label an attribute is. */
const LABEL_OF = new Map<string, string>(
  Object.entries(ATTRIBUTES).map(([label, attribute]) => [attribute, label]),
);

/** The labels that are a device's own, and stand in its resource. */
const RESOURCE_LABELS: ReadonlySet<string> = new Set([ATTRIBUTES.browser, ATTRIBUTES.device]);

const NO_KEYS: ReadonlySet<string> = new Set();
const NO_ATTRIBUTES: Readonly<Attributes> = Object.freeze({});

/**
 * Reads the attributes of a point, a record or a span.
 *
 * @param ofResource the labels that its resource gives it
 * @param maxChars a text longer than this is refused, for every text is a series of its own
 * @param take keys whose values the caller wants for itself
 * @throws Refusal when they are not what OTLP says, too many or too long.
 */
export function decodeAttributes(
  value: unknown,
  {
    ofResource,
    maxChars,
    take = NO_KEYS,
  }: { ofResource: Labels; maxChars: number; take?: ReadonlySet<string> },
): DecodedAttributes {
  const labels: Record<string, string> = { ...ofResource };
  let taken: Attributes | undefined;
  let others: Attributes | undefined;
  for (const item of listOf(value)) {
    const key = keyOf(item);
    const read = decodeValue((item as { value?: unknown }).value);
    if (read === undefined) continue;
    if (typeof read === "string" && read.length > maxChars)
      throw new Refusal(`an attribute is longer than ${maxChars} characters`);
    const label = LABEL_OF.get(key);
    if (label !== undefined) labels[label] = String(read);
    else if (take.has(key)) taken = withAttribute(taken, key, read);
    else others = withAttribute(others, key, read);
  }
  return {
    labels,
    taken: taken ?? NO_ATTRIBUTES,
    attributes: others === undefined ? undefined : JSON.stringify(others),
  };
}

/** Who sent a batch, and the name a repeat of it has. */
export interface Resource {
  readonly batchId: string | undefined;
  /** What it says of the device. */
  readonly labels: Labels;
  /** Everything else that there is room for, as a JSON object; `undefined` where there is nothing. */
  readonly attributes: string | undefined;
}

const NO_RESOURCE: Resource = { batchId: undefined, labels: {}, attributes: undefined };

/**
 * Reads the resource of a batch.
 *
 * @throws SelvedgeError `telemetry-invalid` when it is not what OTLP says, or its batch id is no
 * text of 1 to 128 characters: then a repeat could not be told from a new batch.
 */
export function decodeResource(value: unknown, path: string): Resource {
  if (value === undefined || value === null) return NO_RESOURCE;
  const resource = objectAt<OtlpResource>(value, path);
  let batchId: string | undefined;
  const labels: Record<string, string> = {};
  let others: Attributes | undefined;
  let room = MAX_RESOURCE_JSON_CHARS;
  try {
    for (const item of listOf(resource.attributes)) {
      const key = keyOf(item);
      const read = decodeValue((item as { value?: unknown }).value);
      if (key === BATCH_ID) batchId = batchIdOf(read);
      else if (read === undefined || String(read).length > MAX_RESOURCE_CHARS) continue;
      else if (RESOURCE_LABELS.has(key))
        labels[LABEL_OF.get(key) ?? key] = String(read).slice(0, MAX_LABEL_CHARS);
      else {
        const chars = JSON.stringify({ [key]: read }).length;
        if (chars > room) continue;
        room -= chars;
        others = withAttribute(others, key, read);
      }
    }
  } catch (cause) {
    if (!(cause instanceof Refusal)) throw cause;
    throw new SelvedgeError("telemetry-invalid", `${path}: ${cause.message}.`, { cause });
  }
  return {
    batchId,
    labels,
    attributes: others === undefined ? undefined : JSON.stringify(others),
  };
}

/** Half a character would be stored as another than it came as, and the batch not found by it. */
const HALF = /\p{Surrogate}/u;

function batchIdOf(read: AttributeValue | undefined): string {
  const isShort = typeof read === "string" && read !== "" && read.length <= MAX_BATCH_ID_CHARS;
  if (isShort && !HALF.test(read)) return read;
  throw new Refusal(`expected ${BATCH_ID} to be a text of 1 to ${MAX_BATCH_ID_CHARS} characters`);
}

function listOf(value: unknown): readonly unknown[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw new Refusal("its attributes are no list");
  if (value.length > MAX_ATTRIBUTES) throw new Refusal(`more than ${MAX_ATTRIBUTES} attributes`);
  return value;
}

/** An absent key is empty, as in protobuf. */
function keyOf(item: unknown): string {
  if (typeof item !== "object" || item === null) throw new Refusal("an attribute is no object");
  const { key = "" } = item as { [key in keyof OtlpAttribute]?: unknown };
  if (typeof key !== "string" || key.length > MAX_KEY_CHARS)
    throw new Refusal(`an attribute's key is no text of at most ${MAX_KEY_CHARS} characters`);
  return key;
}

/** Adds an attribute to those there are, if any: most points have none but labels. */
function withAttribute(
  attributes: Attributes | undefined,
  key: string,
  value: AttributeValue,
): Attributes {
  const all = attributes ?? {};
  // As a field of its own even where every object inherits one of that name.
  if (key === "__proto__")
    Object.defineProperty(all, key, { value, enumerable: true, configurable: true });
  else all[key] = value;
  return all;
}

/** A text, number or boolean of OTLP; `undefined` for what is none of them. */
export function decodeValue(value: unknown): AttributeValue | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { stringValue, boolValue, intValue, doubleValue } = value as {
    [key in keyof OtlpValue]?: unknown;
  };
  if (typeof stringValue === "string") return stringValue;
  if (typeof boolValue === "boolean") return boolValue;
  if (typeof intValue === "number" && Number.isSafeInteger(intValue)) return intValue;
  if (typeof intValue === "string" && /^-?\d{1,19}$/.test(intValue)) {
    const whole = Number(intValue);
    return Number.isSafeInteger(whole) ? whole : intValue;
  }
  return typeof doubleValue === "number" && Number.isFinite(doubleValue) ? doubleValue : undefined;
}

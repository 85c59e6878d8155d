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

type AttributeValue = string | number | boolean;

/** Which label an attribute is. */
const LABEL_OF = new Map<string, string>(
  Object.entries(ATTRIBUTES).map(([label, attribute]) => [attribute, label]),
);

/**
 * Reads the attributes of a point.
 *
 * @param maxChars a text longer than this is refused, for every text is a series of its own
 * @throws Refusal when they are not what OTLP says, too many or too long.
 */
export function decodeAttributes(
  value: unknown,
  maxChars: number,
): { labels: Labels; attributes: string | undefined } {
  const labels: Record<string, string> = {};
  const others: [string, AttributeValue][] = [];
  for (const [key, read] of readAttributes(value)) {
    if (typeof read === "string" && read.length > maxChars)
      throw new Refusal(`an attribute is longer than ${maxChars} characters`);
    const label = LABEL_OF.get(key);
    if (label === undefined) others.push([key, read]);
    else labels[label] = String(read);
  }
  return { labels, attributes: toJson(others) };
}

/** Who sent a batch, and the name a repeat of it has. */
export interface Resource {
  readonly batchId: string | undefined;
  readonly attributes: string | undefined;
}

/**
 * Reads the resource of a batch.
 *
 * @throws SelvedgeError `telemetry-invalid` when it is not what OTLP says, or its batch id is no
 * text of 1 to 128 characters: then a repeat could not be told from a new batch.
 */
export function decodeResource(value: unknown, path: string): Resource {
  if (value === undefined || value === null) return { batchId: undefined, attributes: undefined };
  const resource = objectAt<OtlpResource>(value, path);
  let read: [string, AttributeValue][];
  try {
    read = readAttributes(resource.attributes);
  } catch (cause) {
    if (!(cause instanceof Refusal)) throw cause;
    throw new SelvedgeError("telemetry-invalid", `${path}: ${cause.message}.`, { cause });
  }
  const batchId = read.find(([key]) => key === BATCH_ID)?.[1];
  if (
    batchId !== undefined &&
    (typeof batchId !== "string" || batchId === "" || batchId.length > MAX_BATCH_ID_CHARS)
  )
    throw new SelvedgeError(
      "telemetry-invalid",
      `${path}: expected ${BATCH_ID} to be a text of 1 to ${MAX_BATCH_ID_CHARS} characters.`,
    );
  const kept = read.filter(
    ([key, text]) => key !== BATCH_ID && String(text).length <= MAX_RESOURCE_CHARS,
  );
  return { batchId, attributes: toJson(kept) };
}

const MAX_RESOURCE_CHARS = 1024;

/** Keys and values; lists, maps and bytes have no place in a label and are left out. */
function readAttributes(value: unknown): [string, AttributeValue][] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw new Refusal("its attributes are no list");
  if (value.length > MAX_ATTRIBUTES) throw new Refusal(`more than ${MAX_ATTRIBUTES} attributes`);
  const read: [string, AttributeValue][] = [];
  for (const item of value as readonly unknown[]) {
    if (typeof item !== "object" || item === null) throw new Refusal("an attribute is no object");
    const { key, value } = item as { [key in keyof OtlpAttribute]?: unknown };
    if (typeof key !== "string" || key.length > MAX_KEY_CHARS)
      throw new Refusal(`an attribute's key is no text of at most ${MAX_KEY_CHARS} characters`);
    const decoded = decodeValue(value);
    if (decoded !== undefined) read.push([key, decoded]);
  }
  return read;
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

function toJson(attributes: readonly [string, AttributeValue][]): string | undefined {
  return attributes.length === 0 ? undefined : JSON.stringify(Object.fromEntries(attributes));
}

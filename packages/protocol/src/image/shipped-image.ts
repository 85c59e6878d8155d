import { ELEMENT_TYPES } from "../element-type.ts";
import { Field } from "../field.ts";
import type { TensorDigest } from "../prediction-record.ts";
import { SelvedgeError } from "../selvedge-error.ts";
import { type ImageHead, type ImageRun, imageBytes } from "./memory-image.ts";
import { engineFields, imageRuns, memorySize } from "./parse-image-head.ts";

/** The image of a runtime that has been initialised and has no session yet. */
export interface BareImage {
  /** The runtime's whole memory, in bytes. */
  readonly memoryBytes: number;
  /** The stretches of memory that are kept. */
  readonly runs: readonly ImageRun[];
  /** Their bytes, one after the other. */
  readonly pages: Uint8Array;
}

/** What a shipped image says of its engine: what `ImageHead` says, but for what is a device's own. */
export interface ShippedHead extends Omit<ImageHead, "key" | "answers"> {
  /** What the session answered to the pack's first golden inputs, by output. */
  readonly answers: Readonly<Record<string, TensorDigest>>;
  /** The stretches of memory that are not as in the bare image. */
  readonly changed: readonly ImageRun[];
}

/** What makes an engine's image of the bare runtime's. */
export interface ImageDifference {
  readonly head: ShippedHead;
  /** Each byte of the changed stretches, by exclusive or with what is there in the bare image. */
  readonly pages: Uint8Array;
}

/** The length of a head, in front of it: 32 bits, little-endian. */
const LENGTH_BYTES = 4;

/** The file of a bare image, before gzip. */
export function encodeBareImage({ pages, ...head }: BareImage): Uint8Array<ArrayBuffer> {
  return encode(head, pages);
}

/** The file of a difference, before gzip. */
export function encodeImageDifference({ head, pages }: ImageDifference): Uint8Array<ArrayBuffer> {
  return encode(head, pages);
}

/**
 * Reads the file of a bare image.
 *
 * @throws SelvedgeError `integrity`, naming the field.
 */
export function parseBareImage(bytes: Uint8Array): BareImage {
  const { field, pages } = decode(bytes, "the image of a runtime");
  const memoryBytes = memorySize(field.at("memoryBytes"));
  const runs = imageRuns(field.at("runs"), memoryBytes);
  requireLength(field, runs, pages);
  return { memoryBytes, runs, pages };
}

/**
 * Reads the file of a difference.
 *
 * @throws SelvedgeError `integrity`, naming the field.
 */
export function parseImageDifference(bytes: Uint8Array): ImageDifference {
  const { field, pages } = decode(bytes, "the image of a model");
  const engine = engineFields(field);
  const changed = imageRuns(field.at("changed"), engine.memoryBytes);
  requireLength(field, changed, pages);
  return { head: { ...engine, answers: field.at("answers").record(tensorDigest), changed }, pages };
}

function encode(head: object, pages: Uint8Array): Uint8Array<ArrayBuffer> {
  const text = new TextEncoder().encode(JSON.stringify(head));
  const file = new Uint8Array(LENGTH_BYTES + text.length + pages.length);
  new DataView(file.buffer).setUint32(0, text.length, true);
  file.set(text, LENGTH_BYTES);
  file.set(pages, LENGTH_BYTES + text.length);
  return file;
}

function decode(bytes: Uint8Array, document: string): { field: Field; pages: Uint8Array } {
  const length =
    bytes.length < LENGTH_BYTES
      ? Number.POSITIVE_INFINITY
      : new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  const end = LENGTH_BYTES + length;
  if (end > bytes.length)
    throw new SelvedgeError("integrity", `${document}: it is cut off. Load the model without it.`);
  const text = new TextDecoder().decode(bytes.subarray(LENGTH_BYTES, end));
  return { field: Field.fromJson(text, document, "integrity"), pages: bytes.subarray(end) };
}

function requireLength(field: Field, runs: readonly ImageRun[], pages: Uint8Array): void {
  const expected = imageBytes({ runs });
  if (pages.length !== expected) field.fail(`${expected} bytes of pages behind it`);
}

function tensorDigest(field: Field): TensorDigest {
  return {
    dtype: field.at("dtype").oneOf(ELEMENT_TYPES),
    dims: field
      .at("dims")
      .items()
      .map((dim) => dim.integer({ min: 0 })),
    sha256: field.at("sha256").sha256(),
  };
}

import { Field } from "../field.ts";
import {
  IMAGE_FORMAT,
  IMAGE_PAGE_BYTES,
  type ImageHead,
  type ImageRun,
  imageBytes,
  WASM_PAGE_BYTES,
} from "./memory-image.ts";

/** What WebAssembly can address. */
const MOST_BYTES = 2 ** 32;

/** More stretches than memory can have, with the nearest ones joined. */
const MOST_RUNS = 2 ** 18;

/**
 * Reads what was written down of an image. What it says is checked in itself only: its key and its
 * digest are for whoever wakes it to hold against what they should be.
 *
 * @throws SelvedgeError `storage-damaged`, naming the field.
 */
export function parseImageHead(text: string): ImageHead {
  const field = Field.fromJson(text, "the image of an engine", "storage-damaged");
  return {
    ...engineFields(field),
    key: field.at("key").sha256(),
    answers: field.at("answers").sha256(),
  };
}

/** Reads what any image says of its engine. */
export function engineFields(field: Field): Omit<ImageHead, "key" | "answers"> {
  if (field.at("format").integer({ min: 0 }) !== IMAGE_FORMAT)
    field.at("format").fail(`${IMAGE_FORMAT}`);
  const memoryBytes = memorySize(field.at("memoryBytes"));
  return {
    format: IMAGE_FORMAT,
    memoryBytes,
    tableLength: field.at("tableLength").integer({ min: 0, max: MOST_BYTES }),
    globals: field.at("globals").record(globalValue),
    runs: imageRuns(field.at("runs"), memoryBytes),
    session: field.at("session").integer({ min: 1, max: memoryBytes - 1 }),
    sha256: field.at("sha256").sha256(),
  };
}

/** Reads how large a runtime's memory is. */
export function memorySize(field: Field): number {
  return wholeUnits(field, WASM_PAGE_BYTES);
}

/** Reads stretches of a memory: in order, apart from each other, and within it. */
export function imageRuns(field: Field, memoryBytes: number): ImageRun[] {
  const items = field.items();
  if (items.length > MOST_RUNS) field.fail(`${MOST_RUNS} stretches at most`);
  const runs = items.map(oneRun);
  let end = 0;
  for (const [i, [offset, length]] of runs.entries()) {
    if (offset < end) items[i]?.fail("a stretch behind the one before it");
    end = offset + length;
  }
  if (end > memoryBytes) field.fail("stretches within the memory");
  return runs;
}

/** The text that `parseImageHead` reads. */
export function formatImageHead(head: ImageHead): string {
  return JSON.stringify(head);
}

/** Whether there are as many bytes of pages as a head says. */
export function fits(head: ImageHead, pages: Uint8Array): boolean {
  return pages.byteLength === imageBytes(head);
}

function oneRun(field: Field): ImageRun {
  const [offset, length, ...others] = field.items();
  if (offset === undefined || length === undefined || others.length > 0)
    return field.fail("[offset, length]");
  return [wholeUnits(offset, IMAGE_PAGE_BYTES, 0), wholeUnits(length, IMAGE_PAGE_BYTES)];
}

function wholeUnits(field: Field, unit: number, min: number = unit): number {
  const bytes = field.integer({ min, max: MOST_BYTES });
  return bytes % unit === 0 ? bytes : field.fail(`a multiple of ${unit}`);
}

function globalValue(field: Field): number | string {
  return field.isNumber
    ? field.number({ min: Number.NEGATIVE_INFINITY })
    : field.stringThat(isDecimal, "a number");
}

function isDecimal(text: string): boolean {
  return /^-?\d{1,20}$/.test(text);
}

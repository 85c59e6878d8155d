import { readFile, stat } from "node:fs/promises";
import { basename } from "node:path";
import { SelvedgeError } from "@selvedge/protocol";
import type { NamedTensor } from "../named-tensor.ts";
import { oneLine } from "../one-line.ts";
import { casesFromJson } from "./cases-from-json.ts";
import { casesFromNpz } from "./cases-from-npz.ts";

/** What a model is run on once, with what is known about the answer. */
export interface Case {
  readonly inputs: readonly NamedTensor[];
  /** What it should answer; some outputs, or all. */
  readonly outputs?: readonly NamedTensor[];
  /** What it should recognize: a class, a text, or a list of numbers. */
  readonly label?: string | number | readonly number[];
  /** What to call it in messages; its number does where it has none. */
  readonly name?: string;
}

/** Says what is wrong with the file that is being read. */
export type Refuse = (what: string) => never;

/** Larger files would not fit into memory several times over, as reading them takes. */
const LARGEST_FILE = 2 ** 30;

/**
 * Reads cases from a file, an archive of NumPy's (`.npz`) or else JSON; docs/golden.md shows both.
 *
 * @param what what to call the file in messages, such as `Golden file`
 * @throws SelvedgeError `not-found`, or `options-invalid`, naming what is wrong.
 */
export async function readCases(path: string, what: string): Promise<Case[]> {
  const refuse: Refuse = (wrong) => {
    throw new SelvedgeError("options-invalid", `${what} ${basename(path)}: ${oneLine(wrong)}.`);
  };
  const bytes = await readBounded(path, refuse).catch((cause: unknown) => {
    if (cause instanceof SelvedgeError) throw cause;
    throw new SelvedgeError("not-found", `${what} ${path}: cannot be read. Check the path.`, {
      cause,
    });
  });
  return isArchive(path, bytes) ? casesFromNpz(bytes, refuse) : casesFromJson(bytes, refuse);
}

async function readBounded(path: string, refuse: Refuse): Promise<Uint8Array<ArrayBuffer>> {
  const { size } = await stat(path);
  if (size > LARGEST_FILE)
    refuse(`it takes ${size} bytes, and ${LARGEST_FILE} are read at most; split it`);
  return await readFile(path);
}

/** By name, or by how every archive starts: an empty one, too. */
function isArchive(path: string, [p, k]: Uint8Array): boolean {
  return path.toLowerCase().endsWith(".npz") || (p === 0x50 && k === 0x4b);
}

/** How a case is called in messages. */
export function nameOfCase({ name }: Case, index: number): string {
  return name === undefined ? `case ${index}` : `case ${index} ("${name}")`;
}

import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { parseNextRoot, parseRoot, type RootDocument, SelvedgeError } from "@selvedge/protocol";

/** Versions are looked for one by one, and a document can claim any. */
const MOST_STEPS = 10_000;

/**
 * Reads a root document from disk and checks that its own root keys signed it. Whether it has expired
 * is the caller's to ask.
 *
 * @throws SelvedgeError `root-invalid` or `signature-invalid`, naming the file.
 */
export async function readRootFile(path: string): Promise<RootDocument> {
  return parseRoot(await readText(path), path);
}

/**
 * Reads a root document that follows from one that is trusted already, by way of the documents beside
 * it with which root keys handed over to the next.
 *
 * @throws SelvedgeError `root-invalid` or `signature-invalid`, naming the file that does not follow.
 */
export async function followRoot(path: string, trustedPath: string): Promise<RootDocument> {
  let trusted = await readRootFile(trustedPath);
  const first = trusted.version + 1;
  const { version } = await readRootFile(path);
  for (let step = first; step < Math.min(version, first + MOST_STEPS); step++) {
    const link = join(dirname(path), rootLink(step));
    const text = await readFile(link, "utf8").catch(() => undefined);
    if (text !== undefined) trusted = await parseNextRoot(text, trusted, link);
  }
  return await parseNextRoot(await readText(path), trusted, path);
}

/** What a version in which a root key handed over to the next is called, beside `root.json`. */
export function rootLink(version: number): string {
  return `root-${version}.json`;
}

async function readText(path: string): Promise<string> {
  return await readFile(path, "utf8").catch((cause: unknown) => {
    const code = cause instanceof Error && "code" in cause ? cause.code : cause;
    throw new SelvedgeError("root-invalid", `${path}: cannot be read (${code}). Check the path.`, {
      cause,
    });
  });
}

import { readFile } from "node:fs/promises";
import { parseRoot, type RootDocument, SelvedgeError } from "@selvedge/protocol";

/**
 * Reads a root document from disk and checks that its own root keys signed it. Whether it has expired
 * is the caller's to ask.
 *
 * @throws SelvedgeError `root-invalid` or `signature-invalid`, naming the file.
 */
export async function readRootFile(path: string): Promise<RootDocument> {
  const text = await readFile(path, "utf8").catch((cause: unknown) => {
    const code = cause instanceof Error && "code" in cause ? cause.code : cause;
    throw new SelvedgeError("root-invalid", `${path}: cannot be read (${code}). Check the path.`, {
      cause,
    });
  });
  return parseRoot(text, path);
}

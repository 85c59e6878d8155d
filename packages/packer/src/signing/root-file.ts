import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import {
  followRoot,
  parseRoot,
  type RootDocument,
  rootLinkPath,
  SelvedgeError,
} from "@selvedge/protocol";

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
export async function followRootFile(path: string, trustedPath: string): Promise<RootDocument> {
  return followRoot(await readText(path), {
    trusted: await readRootFile(trustedPath),
    document: path,
    link: async (version) => {
      const document = join(dirname(path), rootLinkPath(version));
      const text = await readFile(document, "utf8").catch(() => undefined);
      return text === undefined ? undefined : { text, document };
    },
  });
}

async function readText(path: string): Promise<string> {
  return await readFile(path, "utf8").catch((cause: unknown) => {
    const code = cause instanceof Error && "code" in cause ? cause.code : cause;
    throw new SelvedgeError("root-invalid", `${path}: cannot be read (${code}). Check the path.`, {
      cause,
    });
  });
}

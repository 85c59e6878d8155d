import { readFile, realpath, stat } from "node:fs/promises";
import { resolve } from "node:path";
import { SelvedgeError } from "@selvedge/protocol";
import { isWithin } from "../is-within.ts";

/**
 * Where a file of a folder really is, links followed, so that none can lead out of the folder.
 *
 * @throws SelvedgeError `model-invalid` where there is none, `model-unsupported` where it lies outside.
 */
export async function pathWithin(folder: string, name: string): Promise<string> {
  const root = await realpath(folder);
  const wanted = resolve(root, name);
  const path = isWithin(wanted, root) ? await realpath(wanted).catch(() => undefined) : wanted;
  if (path === undefined)
    throw new SelvedgeError(
      "model-invalid",
      `${folder}: "${name}" is missing. Copy the model's folder again.`,
    );
  if (!isWithin(path, root))
    throw new SelvedgeError(
      "model-unsupported",
      `${folder}: "${name}" leads out of the folder, where nothing is read. Put the file itself into the folder.`,
    );
  return path;
}

/**
 * Reads a file of a folder.
 *
 * @throws SelvedgeError as `pathWithin` does, and `model-invalid` for what is no file or too large.
 */
export async function readWithin(
  folder: string,
  name: string,
  limitBytes: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const path = await pathWithin(folder, name);
  const stats = await stat(path);
  if (!stats.isFile())
    throw new SelvedgeError("model-invalid", `${folder}: "${name}" is not a file.`);
  if (stats.size > limitBytes)
    throw new SelvedgeError(
      "model-invalid",
      `${folder}: "${name}" takes ${stats.size} bytes, and more than ${limitBytes} are not read.`,
    );
  return await readFile(path).catch((cause: unknown) => {
    const code = cause instanceof Error && "code" in cause ? cause.code : cause;
    throw new SelvedgeError("model-invalid", `${folder}: "${name}" cannot be read (${code}).`, {
      cause,
    });
  });
}

/** Reads a file of a folder as text; the same as `readWithin` otherwise. */
export async function readTextWithin(
  folder: string,
  name: string,
  limitBytes: number,
): Promise<string> {
  return new TextDecoder().decode(await readWithin(folder, name, limitBytes));
}

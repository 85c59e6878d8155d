import { randomUUID } from "node:crypto";
import { createReadStream, createWriteStream, existsSync } from "node:fs";
import { readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { SelvedgeError } from "@selvedge/protocol";

/**
 * Writes a file to host, unless it is there already. Beside a wasm goes its `.gz`, a quarter of the size,
 * for hosts that send such files to whoever accepts them.
 *
 * @returns whether it was written
 * @throws SelvedgeError `not-found` where it cannot be.
 */
export async function placeFile(target: string, content: Uint8Array): Promise<boolean> {
  const isThere = await holds(target, content);
  if (!isThere) await write(target, (temporary) => writeFile(temporary, content));
  if (target.endsWith(".wasm") && (!isThere || !existsSync(`${target}.gz`)))
    await write(`${target}.gz`, (temporary) =>
      pipeline(createReadStream(target), createGzip({ level: 9 }), createWriteStream(temporary)),
    );
  return !isThere;
}

/** Writes a file under another name first, so that whoever serves the folder never sees half of it. */
async function write(target: string, make: (temporary: string) => Promise<void>): Promise<void> {
  const temporary = `${target}.${randomUUID()}.tmp`;
  try {
    await make(temporary);
    await rename(temporary, target);
  } catch (cause) {
    await rm(temporary, { force: true });
    throw unwritable(target, cause);
  }
}

/** The error that a file or folder could not be written. */
export function unwritable(target: string, cause: unknown): SelvedgeError {
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
  return new SelvedgeError(
    "not-found",
    `${target} could not be written (${code ?? cause}). Check the folder's permissions.`,
    { cause },
  );
}

/** Sizes first: reading 14 MB to find a difference that a size shows would be a waste. */
async function holds(target: string, content: Uint8Array): Promise<boolean> {
  const there = await stat(target).catch(() => undefined);
  if (there?.size !== content.byteLength) return false;
  return (await readFile(target)).equals(content);
}

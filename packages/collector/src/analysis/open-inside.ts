import { type FileHandle, open, realpath } from "node:fs/promises";
import { join, sep } from "node:path";

/**
 * Opens a file of the registry, not one that a link leads to outside of it; `undefined` where there is none.
 * To be closed by whoever asked.
 */
export async function openInside(
  registryDir: string,
  path: string,
): Promise<FileHandle | undefined> {
  try {
    const root = await realpath(registryDir);
    const file = await realpath(join(root, path));
    return file.startsWith(root + sep) ? await open(file) : undefined;
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw error;
  }
}

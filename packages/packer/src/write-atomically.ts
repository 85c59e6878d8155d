import { randomUUID } from "node:crypto";
import { mkdir, open, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { SelvedgeError } from "@selvedge/protocol";

/**
 * Writes a file so that a reader, or a crash at any moment, finds the old file or the whole new one.
 * Once this has returned, the file survives a power cut.
 *
 * @throws SelvedgeError `registry-invalid` where it cannot be written.
 */
export async function writeAtomically(path: string, bytes: Uint8Array | string): Promise<void> {
  const temporary = join(dirname(path), `.${randomUUID()}.tmp`);
  try {
    await mkdir(dirname(path), { recursive: true });
    const file = await open(temporary, "wx");
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
    await syncFolder(dirname(path));
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => undefined);
    const code = cause instanceof Error && "code" in cause ? cause.code : cause;
    throw new SelvedgeError(
      "registry-invalid",
      `${path} could not be written (${code}). Check the folder, its permissions and the disk's free space.`,
      { cause },
    );
  }
}

/** A rename is durable only once its folder is; Windows has no such thing and needs none. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === "win32") return;
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

import { mkdir, open, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { SelvedgeError } from "@selvedge/protocol";

/** A file that is not there yet. */
export interface NewFile {
  readonly path: string;
  readonly content: string;
  /** Whether only its owner may read it. */
  readonly isSecret: boolean;
}

/**
 * Writes files where there are none. All of them are written, or none.
 *
 * @throws SelvedgeError `key-invalid` where one is there already, or cannot be written.
 */
export async function writeNewFiles(files: readonly NewFile[]): Promise<void> {
  const written: string[] = [];
  for (const { path, content, isSecret } of files) {
    let isFolderThere = false;
    try {
      await mkdir(dirname(path), { recursive: true });
      isFolderThere = true;
      const file = await open(path, "wx", isSecret ? 0o600 : 0o644);
      written.push(path);
      try {
        await file.writeFile(content);
        await file.sync();
      } finally {
        await file.close();
      }
    } catch (cause) {
      for (const done of written) await rm(done, { force: true });
      const code = cause instanceof Error && "code" in cause ? cause.code : cause;
      throw new SelvedgeError(
        "key-invalid",
        code === "EEXIST" && isFolderThere
          ? `${path} is there already, and a key is never overwritten. Choose another folder, or change keys with --rotate.`
          : `${path} could not be written (${code}). Check the folder and its permissions.`,
        { cause },
      );
    }
  }
}

import { randomUUID } from "node:crypto";
import { type FileHandle, link, mkdir, open, rename, rm, rmdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { SelvedgeError } from "@selvedge/protocol";

/** Bytes of a file, piece after piece. */
export type Chunks = Iterable<Uint8Array>;

/** No room: on the disk, in a quota, or under a limit on the size of files. */
const NO_ROOM: readonly unknown[] = ["ENOSPC", "EDQUOT", "EFBIG"];

interface StagedFile {
  readonly path: string;
  readonly temporary: string;
  readonly isNew: boolean;
}

/**
 * Files that are written whole beside their places, and then put there together: until then a reader,
 * or a crash at any moment, finds what was there before.
 */
export class Staging {
  readonly #signal: AbortSignal | undefined;
  readonly #staged: StagedFile[] = [];
  readonly #placed: string[] = [];
  /** Every folder that was made, outer ones first. */
  readonly #folders: string[] = [];

  /** @param signal gives up what is being written */
  constructor(signal?: AbortSignal) {
    this.#signal = signal;
  }

  /**
   * Writes a file beside its place, so that it survives a power cut.
   *
   * @param isNew whether `place` is to refuse where something is there already
   * @throws SelvedgeError `registry-invalid` where it cannot be written, or the signal's reason.
   */
  async add(path: string, chunks: Chunks, isNew = false): Promise<void> {
    const temporary = join(dirname(path), `.${randomUUID()}.tmp`);
    // Before there is anything to discard.
    this.#staged.push({ path, temporary, isNew });
    await this.#asRegistryError(path, async () => {
      const openNew = async (): Promise<FileHandle> => {
        await this.#makeFolder(dirname(path));
        return await open(temporary, "wx");
      };
      // Somebody else who gave up may have taken the folder away in between.
      const file = await openNew().catch(openNew);
      try {
        for (const chunk of chunks) {
          this.#signal?.throwIfAborted();
          await file.writeFile(chunk);
        }
        await file.sync();
      } finally {
        await file.close();
      }
    });
  }

  /**
   * Puts every file in its place, in the order in which they were added. Once this has returned, they
   * survive a power cut.
   *
   * @returns whether all of them are; not where one that was to be new is there already. Those after
   * it are not put anywhere.
   * @throws SelvedgeError `registry-invalid` where one cannot be; those before it are.
   */
  async place(): Promise<boolean> {
    for (let next = this.#staged[0]; next !== undefined; next = this.#staged[0]) {
      const { path, temporary, isNew } = next;
      const isDone = await this.#asRegistryError(path, () => put(temporary, path, isNew));
      if (!isDone) return false;
      this.#staged.shift();
      this.#placed.push(path);
    }
    for (const folder of new Set(this.#placed.map((path) => dirname(path))))
      await syncFolder(folder);
    return true;
  }

  /** What is in its place. */
  get placed(): readonly string[] {
    return this.#placed;
  }

  /** Takes away what was not put in its place, and the folders that were made for it. */
  async discard(): Promise<void> {
    for (const { temporary } of this.#staged.splice(0))
      await rm(temporary, { force: true }).catch(() => undefined);
    // What somebody else has put something into stays.
    for (const folder of this.#folders.reverse()) await rmdir(folder).catch(() => undefined);
  }

  async #asRegistryError<T>(path: string, step: () => Promise<T>): Promise<T> {
    try {
      return await step();
    } catch (cause) {
      this.#signal?.throwIfAborted();
      // It was not the writing that failed.
      if (cause instanceof SelvedgeError) throw cause;
      const code = codeOf(cause);
      throw new SelvedgeError(
        "registry-invalid",
        NO_ROOM.includes(code)
          ? `${path} could not be written: the disk is full (${code}). Nothing was changed. Free some space and try again.`
          : `${path} could not be written (${code}). Check the folder and its permissions.`,
        { cause },
      );
    }
  }

  async #makeFolder(folder: string): Promise<void> {
    const first = await mkdir(folder, { recursive: true });
    if (first === undefined) return;
    const made: string[] = [];
    for (let path = folder; path.length >= first.length; path = dirname(path)) made.unshift(path);
    this.#folders.push(...made);
  }
}

/** @returns whether the file is in its place, and not another that was there already */
async function put(temporary: string, path: string, isNew: boolean): Promise<boolean> {
  if (isNew) {
    try {
      // Unlike a rename, a link replaces nothing.
      await link(temporary, path);
      await rm(temporary, { force: true });
      return true;
    } catch (error) {
      if (codeOf(error) === "EEXIST") return false;
      // A file system without links cannot tell; the caller has looked shortly before.
    }
  }
  await rename(temporary, path);
  return true;
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

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : error;
}

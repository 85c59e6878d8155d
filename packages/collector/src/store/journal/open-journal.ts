import { type FileHandle, mkdir, open, readdir, readFile, unlink } from "node:fs/promises";
import { join } from "node:path";
import { createGroupCommit } from "../group-commit.ts";
import { decodeRecords, encodeRecord } from "./record.ts";

/** A file of this size is followed by another, so that what has been done with can go. */
const SEGMENT_BYTES = 16 * 1024 * 1024;

/** Bytes that are written and synced at once. */
const GROUP_BYTES = 4 * 1024 * 1024;

const NAME = /^(\d{12})\.journal$/;

/** A record that is on disk. */
export interface Kept {
  /** Says that it is not needed any more; its file goes with the last of its records. */
  done(): void;
}

/** Entries that survive the death of the process and of the machine until they are done with. */
export interface Journal {
  /** Resolves once an entry, which begins with a JSON object, is on disk. */
  append(entry: Buffer): Promise<Kept>;
  /** What former processes left, the oldest first, file by file. Call it before anything else. */
  replay(take: (entries: Buffer[]) => Promise<void>): Promise<void>;
  /** Begins another file, so that those before it can go once all in them is done with. */
  rotate(): void;
  /** Bytes on disk. */
  bytes(): number;
  /** Lets what has begun finish, and closes. */
  close(): Promise<void>;
}

/** A file that is written to its end, and removed when nothing in it is needed. */
interface Segment {
  readonly path: string;
  readonly file: FileHandle;
  bytes: number;
  open: number;
  isSealed: boolean;
}

/**
 * Opens the journal in a folder, which is made where it is missing. Of one process at a time.
 *
 * Appends that wait together share one sync. Where a write fails, its file is left as it is and another
 * one begun: what comes after half a record could not be read again.
 */
export async function openJournal(folder: string): Promise<Journal> {
  await mkdir(folder, { recursive: true });
  const left = (await readdir(folder)).filter((name) => NAME.test(name)).sort();
  let next = Number(NAME.exec(left.at(-1) ?? "")?.[1] ?? 0) + 1;
  const segments = new Set<Segment>();
  const removals = new Set<Promise<void>>();
  let current: Segment | undefined;

  const removeIfDone = (segment: Segment): void => {
    if (!segment.isSealed || segment.open > 0 || !segments.delete(segment)) return;
    // A file that cannot be removed is read again at the next start, which harms nothing.
    const removal = remove(segment).catch(() => undefined);
    removals.add(removal);
    void removal.then(() => removals.delete(removal));
  };

  const begin = async (): Promise<Segment> => {
    const path = join(folder, `${String(next++).padStart(12, "0")}.journal`);
    const file = await open(path, "ax");
    // A file whose name is not on disk is lost with all that is in it.
    await syncFolder(folder);
    const segment = { path, file, bytes: 0, open: 0, isSealed: false };
    segments.add(segment);
    return segment;
  };
  const seal = (): void => {
    if (current === undefined) return;
    current.isSealed = true;
    removeIfDone(current);
    current = undefined;
  };

  interface Append {
    readonly record: Buffer;
    kept?: Kept;
  }
  const commits = createGroupCommit<Append>({
    commit: async (appends) => {
      if ((current?.bytes ?? 0) > SEGMENT_BYTES) seal();
      current ??= await begin();
      const segment = current;
      segment.open += appends.length;
      try {
        await segment.file.appendFile(Buffer.concat(appends.map(({ record }) => record)));
        await segment.file.datasync();
      } catch (error) {
        segment.open -= appends.length;
        segment.isSealed = true;
        if (current === segment) current = undefined;
        removeIfDone(segment);
        throw error;
      }
      for (const append of appends) {
        segment.bytes += append.record.length;
        append.kept = {
          done: () => {
            segment.open -= 1;
            removeIfDone(segment);
          },
        };
      }
    },
    sizeOf: ({ record }) => record.length,
    maxSize: GROUP_BYTES,
  });

  return {
    append: async (entry) => {
      const append: Append = { record: encodeRecord(entry) };
      await commits.add(append);
      if (append.kept === undefined) throw new Error("a journal kept nothing");
      return append.kept;
    },
    replay: async (take) => {
      for (const name of left) {
        const path = join(folder, name);
        await take([...decodeRecords(await readFile(path))]);
        await unlink(path);
      }
    },
    rotate: () => {
      if (current !== undefined && current.bytes > 0) seal();
    },
    bytes: () => [...segments].reduce((sum, { bytes }) => sum + bytes, 0),
    close: async () => {
      await commits.idle();
      seal();
      await Promise.all(removals);
      for (const { file } of segments) await file.close();
    },
  };
}

async function remove({ file, path }: Segment): Promise<void> {
  await file.close();
  await unlink(path);
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

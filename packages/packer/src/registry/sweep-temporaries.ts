import { readdir, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { ModelFolder } from "./registry.ts";

/** As `Staging` names what it writes. */
const TEMPORARY = /^\.[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\.tmp$/;

/** What nobody has written to for this long belongs to a process that was killed. */
const ABANDONED_MS = 24 * 60 * 60 * 1000;

/** Takes away what processes that were killed left behind among a model's files. */
export async function sweepTemporaries(folder: ModelFolder, version: string): Promise<void> {
  const folders = [folder.channelsFile, folder.segmentFile("any"), folder.manifestFile(version)];
  for (const place of folders.map((file) => dirname(file)))
    for (const name of await readdir(place).catch(() => []))
      if (TEMPORARY.test(name)) {
        const file = join(place, name);
        const age = await stat(file).then(
          ({ mtimeMs }) => Date.now() - mtimeMs,
          () => 0,
        );
        if (age > ABANDONED_MS) await rm(file, { force: true });
      }
}

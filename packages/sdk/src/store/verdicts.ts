import type { VerdictKey, VerdictRecord } from "../worker/keeper-api.ts";
import type { Database } from "./database.ts";
import { isRefusal } from "./storage-error.ts";

/** More than the candidates of two dozen models come to. Past it the oldest goes. */
const MOST_VERDICTS = 200;

/** What was found out about the candidates of a pack, as it was stored: it may have been damaged. */
export async function verdictsOf(database: Database, digest: string): Promise<VerdictRecord[]> {
  const stored = await database.read(
    { doing: "looking for verdicts", stores: ["verdicts"], nothing: [] },
    ({ store }) => store.getAll(verdictRange(digest)),
  );
  const inMemory = [...database.memory.verdicts.values()];
  return [...stored, ...inMemory.filter((record) => record.digest === digest)];
}

/**
 * Remembers a verdict in the place of the one before it, or forgets it. Where the browser keeps nothing,
 * it is remembered for as long as the keeper lives.
 */
export async function putVerdict(
  database: Database,
  [digest, candidate]: VerdictKey,
  record: VerdictRecord | undefined,
): Promise<void> {
  const how = { doing: "remembering a verdict", stores: ["verdicts"], mode: "readwrite" } as const;
  const id = `${digest} ${candidate}`;
  database.memory.verdicts.delete(id);
  await database
    .transact(how, async ({ store }) => {
      await store.delete([digest, candidate]);
      if (record === undefined) return;
      const [oldest, ...others] = (await store.getAll()).sort((a, b) => a.at - b.at);
      if (oldest && others.length >= MOST_VERDICTS - 1)
        await store.delete([oldest.digest, oldest.candidate]);
      await store.put(record);
    })
    .catch((error) => {
      if (!isRefusal(error)) throw error;
      if (record !== undefined) database.memory.verdicts.set(id, record);
    });
}

/** Every verdict on a pack. A list sorts after every string. */
export function verdictRange(digest: string): IDBKeyRange {
  return IDBKeyRange.bound([digest], [digest, []]);
}

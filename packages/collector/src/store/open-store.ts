import { openDuckDbStore } from "./duckdb/open-duckdb-store.ts";
import { openJournalledStore } from "./journal/journalled-store.ts";
import type { Retention, Room, Store } from "./store.ts";

/**
 * Opens the store of a collector: a DuckDB file with a journal before it, in a folder beside it.
 *
 * @param path of the file, in a directory that exists
 * @param retention how long things are kept
 * @param room how much it may take to answer
 * @throws SelvedgeError `store-failed` when it is in use, was written by another version, or cannot be
 * opened.
 */
export async function openStore(path: string, retention?: Retention, room?: Room): Promise<Store> {
  // Whoever has the file has the journal.
  return openJournalledStore(await openDuckDbStore(path, retention, room), `${path}.journal`);
}

import { parseRuntimeIndex, RUNTIME_INDEX, type RuntimeIndex, sha256 } from "@selvedge/protocol";
import type { Database, RuntimeIndexRecord } from "../../store/database.ts";
import { RUNTIME_FOLDER, RUNTIME_VERSION } from "../runtime-files.ts";

/** The URL of what lies beside a runtime's files. */
export function indexUrl(assets: string): string {
  return `${assets}${RUNTIME_FOLDER}/${RUNTIME_INDEX}`;
}

/** What hosts are being asked, by URL: whoever wants to know meanwhile hears the same answer. */
const asking = new Map<string, Promise<RuntimeIndex | undefined>>();

/**
 * Asks the host which runtimes there are, and remembers what it said. `undefined` where it does not say,
 * as the files were copied by hand, or by an older version of Selvedge.
 */
export function fetchIndex(database: Database, assets: string): Promise<RuntimeIndex | undefined> {
  const url = indexUrl(assets);
  const asked = asking.get(url) ?? ask(database, url).finally(() => asking.delete(url));
  asking.set(url, asked);
  return asked;
}

async function ask(database: Database, url: string): Promise<RuntimeIndex | undefined> {
  const response = await fetch(url, { credentials: "same-origin", cache: "no-cache" });
  // That there is none is worth knowing too: the next visit need not ask.
  const text = response.ok ? await response.text() : "";
  const record = { text, digest: await sha256(new TextEncoder().encode(text)), at: Date.now() };
  if (response.ok || response.status === 404) await remember(database, url, record);
  return soundIndex(record);
}

/** How long an index is taken to be what the host has. To ask again is to be told, in most cases, "not modified". */
const FRESH_MS = 3_600_000;

/** Asks the host again where that was done an hour ago; whoever asks now does not wait for the answer. */
export function renewIndex(
  database: Database,
  assets: string,
  stored: RuntimeIndexRecord | undefined,
): void {
  if (stored !== undefined && Date.now() - stored.at > FRESH_MS) askAgain(database, assets);
}

/** Asks the host what it has by now. The next visit goes by what it says; nobody waits for that. */
export function askAgain(database: Database, assets: string): void {
  fetchIndex(database, assets).catch(() => undefined);
}

/** What the host said of a runtime's files the last time that it was asked. */
export function storedIndex(
  database: Database,
  assets: string,
): Promise<RuntimeIndexRecord | undefined> {
  return database.read(
    { doing: "looking for runtimes", stores: ["runtimes"], nothing: undefined },
    ({ store }) => store.get(indexUrl(assets)),
  );
}

/** What is known of a runtime's files; asks the host where that was never done. */
export async function findIndex(
  database: Database,
  assets: string,
  known: Promise<RuntimeIndexRecord | undefined> = storedIndex(database, assets),
): Promise<RuntimeIndex | undefined> {
  const stored = await known;
  renewIndex(database, assets, stored);
  return stored === undefined ? fetchIndex(database, assets) : soundIndex(stored);
}

/**
 * An index of the runtime that this version loads, as it was read from the host: a name in it that has
 * changed would restore an engine wrongly.
 */
export async function soundIndex(
  record: RuntimeIndexRecord | undefined,
): Promise<RuntimeIndex | undefined> {
  try {
    const { text = "", digest } = record ?? {};
    if ((await sha256(new TextEncoder().encode(text))) !== digest) return undefined;
    const index = parseRuntimeIndex(text);
    return index.version === RUNTIME_VERSION ? index : undefined;
  } catch {
    return undefined;
  }
}

async function remember(
  database: Database,
  url: string,
  record: RuntimeIndexRecord,
): Promise<void> {
  // Where it cannot be kept it is asked for again.
  await database
    .transact(
      { doing: "remembering runtimes", stores: ["runtimes"], mode: "readwrite" },
      ({ store }) => store.put(record, url),
    )
    .catch(() => undefined);
}

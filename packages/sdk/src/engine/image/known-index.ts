import { parseRuntimeIndex, RUNTIME_INDEX, type RuntimeIndex } from "@selvedge/protocol";
import type { Database } from "../../store/database.ts";
import { RUNTIME_FOLDER, RUNTIME_VERSION } from "../runtime-files.ts";

/** The URL of what lies beside a runtime's files. */
export function indexUrl(assets: string): string {
  return `${assets}${RUNTIME_FOLDER}/${RUNTIME_INDEX}`;
}

/**
 * Asks the host which runtimes there are, and remembers what it said. `undefined` where it does not say,
 * as the files were copied by hand, or by an older version of Selvedge.
 */
export async function fetchIndex(
  database: Database,
  assets: string,
): Promise<RuntimeIndex | undefined> {
  const url = indexUrl(assets);
  const response = await fetch(url, { credentials: "same-origin", cache: "no-cache" });
  // That there is none is worth knowing too: the next visit need not ask.
  const text = response.ok ? await response.text() : "";
  if (response.ok || response.status === 404) await remember(database, url, text);
  return soundIndex(text);
}

/** What is known of a runtime's files; asks the host where that was never done. */
export async function findIndex(
  database: Database,
  assets: string,
): Promise<RuntimeIndex | undefined> {
  const stored = await database.read(
    { doing: "looking for runtimes", stores: ["runtimes"], nothing: undefined },
    ({ store }) => store.get(indexUrl(assets)),
  );
  return stored === undefined ? fetchIndex(database, assets) : soundIndex(stored.text);
}

/** An index of the runtime that this version loads; a host may have others. */
export function soundIndex(text: unknown): RuntimeIndex | undefined {
  if (typeof text !== "string") return undefined;
  try {
    const index = parseRuntimeIndex(text);
    return index.version === RUNTIME_VERSION ? index : undefined;
  } catch {
    return undefined;
  }
}

async function remember(database: Database, url: string, text: string): Promise<void> {
  // Where it cannot be kept it is asked for again.
  await database
    .transact(
      { doing: "remembering runtimes", stores: ["runtimes"], mode: "readwrite" },
      ({ store }) => store.put({ text, at: Date.now() }, url),
    )
    .catch(() => undefined);
}

import { settingsKey, soundSettings } from "../proving/settings-record.ts";
import type { Database } from "../store/database.ts";
import type { SessionSettings } from "../worker/engine-api.ts";
import type { ReadPack } from "./open-pack.ts";

/** How this device creates sessions of a pack best, where that was measured. Never rejects. */
export async function readSettings(
  database: Database,
  { digest, variant }: Pick<ReadPack, "digest" | "variant">,
): Promise<SessionSettings | undefined> {
  const key = settingsKey(digest, variant.dtype);
  try {
    const stored: unknown = await database.read(
      { doing: "looking for session settings", stores: ["verdicts"], nothing: undefined },
      ({ store }) => store.get(key),
    );
    return soundSettings(stored, key);
  } catch {
    // They make a start faster, and are not worth failing for.
    return undefined;
  }
}

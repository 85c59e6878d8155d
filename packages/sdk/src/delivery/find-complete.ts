import type { ResolvedPack } from "../channel/resolve.ts";
import { findVariant } from "../store/choose-variant.ts";
import type { Database, PackChoice } from "../store/database.ts";
import { findPack, neededBlobs } from "../store/packs.ts";
import { missingPieces } from "../store/pieces.ts";
import type { PackSelector } from "../worker/keeper-api.ts";

/** A pack of which the device holds every piece that it needs there, and an intact manifest. */
export async function findComplete(
  database: Database,
  { digest, dtype }: PackChoice,
  selector: PackSelector,
): Promise<ResolvedPack | undefined> {
  // A manifest that was damaged is as good as none.
  const pack = await findPack(database, digest).catch(() => undefined);
  if (pack === undefined) return undefined;
  const { record, manifest } = pack;
  const variant = findVariant(manifest, { ...selector, dtype });
  if (variant === undefined || manifest.name !== selector.name) return undefined;
  const missing = await missingPieces(database, neededBlobs(manifest, variant));
  return missing.size === 0 ? { digest, text: record.manifest, manifest } : undefined;
}

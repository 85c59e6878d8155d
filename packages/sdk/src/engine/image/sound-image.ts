import type { Dtype } from "@selvedge/protocol";
import type { ImageRecord } from "../../store/database.ts";

/** What is kept under an image's key, or nothing where it has been damaged. The head has a digest of its own. */
export function soundImage(stored: unknown): ImageRecord | undefined {
  if (typeof stored !== "object" || stored === null) return undefined;
  const { key, pack, dtype, madeAt, kind, ...rest } = stored as Readonly<Record<string, unknown>>;
  if (typeof key !== "string" || typeof pack !== "string" || typeof dtype !== "string")
    return undefined;
  const of = { key, pack, dtype: dtype as Dtype, madeAt: time(madeAt) };
  if (kind === "quarantined" || kind === "not worth it")
    return { ...of, kind, reason: String(rest["reason"]) };
  const { head, headDigest, bytes, place, usedAt } = rest;
  if (kind !== "kept" || typeof head !== "string" || typeof headDigest !== "string")
    return undefined;
  if (place !== "indexeddb" && place !== "opfs") return undefined;
  return { ...of, kind, head, headDigest, bytes: time(bytes), place, usedAt: time(usedAt) };
}

function time(value: unknown): number {
  return typeof value === "number" && Number.isFinite(value) ? value : 0;
}

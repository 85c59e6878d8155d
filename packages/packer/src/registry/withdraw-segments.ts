import { rm } from "node:fs/promises";
import type { ModelFolder } from "./registry.ts";
import type { LaidSegment } from "./segment-layout.ts";

/**
 * Takes segments away that were put into a registry for a version which could not follow them. Those
 * that a version refers to stay, as does everything where a manifest cannot be read: another `pack`
 * may have found them there meanwhile.
 */
export async function withdrawSegments(
  folder: ModelFolder,
  segments: readonly LaidSegment[],
  placed: readonly string[],
): Promise<void> {
  const ours = segments.filter(({ sha256 }) => placed.includes(folder.segmentFile(sha256)));
  if (ours.length === 0) return;
  const used = new Set<string>();
  try {
    for (const version of await folder.versions())
      for (const { sha256 } of (await folder.manifest(version)).manifest.segments) used.add(sha256);
  } catch {
    return;
  }
  for (const { sha256 } of ours)
    if (!used.has(sha256)) await rm(folder.segmentFile(sha256), { force: true });
}

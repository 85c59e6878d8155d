import { readFile } from "node:fs/promises";
import { SelvedgeError, sha256 } from "@selvedge/protocol";
import type { AssembledPack } from "./assemble-pack.ts";
import type { ModelFolder } from "./registry.ts";
import { writeAtomically } from "./write-atomically.ts";

/**
 * Writes a pack into a registry: the segment first and the manifest last, so that a version which can
 * be seen is whole.
 *
 * @throws SelvedgeError `version-exists` when the version is there with other bytes.
 */
export async function publishPack(
  folder: ModelFolder,
  { manifest, manifestBytes, digest, segment }: AssembledPack,
): Promise<"written" | "unchanged"> {
  const existing = await folder.manifestBytes(manifest.version);
  if (existing !== undefined && (await sha256(existing)) !== digest)
    throw new SelvedgeError(
      "version-exists",
      `${manifest.name}@${manifest.version} is published with other bytes, and a published version never changes. Pack under a new version.`,
    );
  const segmentFile = folder.segmentFile(segment.sha256);
  const stored = await readFile(segmentFile).catch(() => undefined);
  const isWhole = stored !== undefined && (await sha256(stored)) === segment.sha256;
  if (isWhole && existing !== undefined) return "unchanged";
  if (!isWhole) await writeAtomically(segmentFile, segment.bytes);
  if (existing === undefined)
    await writeAtomically(folder.manifestFile(manifest.version), manifestBytes);
  return "written";
}

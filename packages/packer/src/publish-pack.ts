import { readFile } from "node:fs/promises";
import { SelvedgeError, segmentPath, sha256 } from "@selvedge/protocol";
import type { AssembledPack } from "./assemble-pack.ts";
import type { ModelFolder } from "./registry.ts";
import { joinParts } from "./segment-layout.ts";
import { writeAtomically } from "./write-atomically.ts";

/**
 * Writes a pack into a registry: the segments it lacks first and the manifest last, so that a version
 * which can be seen is whole.
 *
 * @returns what was done, and how many bytes of segments that took
 * @throws SelvedgeError `version-exists` when the version is there with other bytes,
 * `registry-invalid` when it shares a segment with another version, and that is damaged. Nothing was
 * written then.
 */
export async function publishPack(
  folder: ModelFolder,
  { manifest, manifestBytes, digest, segments }: AssembledPack,
): Promise<{ outcome: "written" | "unchanged"; written: number }> {
  const existing = await folder.manifestBytes(manifest.version);
  if (existing !== undefined && (await sha256(existing)) !== digest)
    throw new SelvedgeError(
      "version-exists",
      `${manifest.name}@${manifest.version} is published with other bytes, and a published version never changes. Pack under a new version.`,
    );
  const lost: { file: string; bytes: Uint8Array<ArrayBuffer> }[] = [];
  for (const segment of segments) {
    const file = folder.segmentFile(segment.sha256);
    const stored = await readFile(file).catch(() => undefined);
    if (stored !== undefined && (await sha256(stored)) === segment.sha256) continue;
    const bytes = joinParts(segment);
    if ((await sha256(bytes)) !== segment.sha256)
      throw new SelvedgeError(
        "registry-invalid",
        `${segmentPath(manifest.name, segment.sha256)} is missing or damaged, and ${manifest.name}@${manifest.version} shares tensors in it with another version. Restore the file, or pack that version again; "selvedge verify ${manifest.name}" says which it is.`,
      );
    lost.push({ file, bytes });
  }
  if (lost.length === 0 && existing !== undefined) return { outcome: "unchanged", written: 0 };
  for (const { file, bytes } of lost) await writeAtomically(file, bytes);
  if (existing === undefined)
    await writeAtomically(folder.manifestFile(manifest.version), manifestBytes);
  return { outcome: "written", written: lost.reduce((sum, { bytes }) => sum + bytes.length, 0) };
}

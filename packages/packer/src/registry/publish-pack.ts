import { createHash } from "node:crypto";
import { stat } from "node:fs/promises";
import { type Manifest, SelvedgeError, segmentPath, sha256 } from "@selvedge/protocol";
import type { AssembledPack } from "../assemble-pack.ts";
import { digestFile } from "./digest-file.ts";
import type { ModelFolder } from "./registry.ts";
import { type LaidSegment, segmentChunks } from "./segment-layout.ts";
import { Staging } from "./staging.ts";
import { sweepTemporaries } from "./sweep-temporaries.ts";
import { withdrawSegments } from "./withdraw-segments.ts";

/** What comes with a pack. */
export interface PublishOptions {
  /** A new signature of it, as a file's text. */
  readonly signature?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Writes a pack into a registry: everything beside its place first, then the segments it lacks and after
 * them the manifest into place, so that a version which can be seen is whole. Where anything fails, or is
 * interrupted, what was written is taken away again.
 *
 * @returns what was done, and how many bytes of segments that took
 * @throws SelvedgeError `version-exists` when the version is there with other bytes,
 * `registry-invalid` when it shares a segment with another version, and that is damaged, or when there
 * is no room. Nothing was written then.
 */
export async function publishPack(
  folder: ModelFolder,
  pack: AssembledPack,
  { signature, signal }: PublishOptions = {},
): Promise<{ outcome: "written" | "unchanged"; written: number }> {
  const { manifest, manifestBytes, digest, segments } = pack;
  const existing = await folder.manifestBytes(manifest.version);
  if (existing !== undefined && (await sha256(existing)) !== digest) throw exists(manifest);
  const lost: LaidSegment[] = [];
  for (const segment of segments) {
    signal?.throwIfAborted();
    const file = folder.segmentFile(segment.sha256);
    const stored = await digestFile(file).catch(() => undefined);
    if (stored?.sha256 !== segment.sha256) lost.push(segment);
  }
  const isThere = existing !== undefined;
  if (lost.length === 0 && isThere && signature === undefined)
    return { outcome: "unchanged", written: 0 };

  await sweepTemporaries(folder, manifest.version);
  const staging = new Staging(signal);
  const file = ({ sha256 }: LaidSegment) => folder.segmentFile(sha256);
  try {
    for (const segment of lost) await staging.add(file(segment), checkedChunks(segment, manifest));
    if (!isThere) await staging.add(folder.manifestFile(manifest.version), [manifestBytes], true);
    if (signature !== undefined)
      await staging.add(folder.signatureFile(manifest.version), [
        new TextEncoder().encode(signature),
      ]);
    // From here on nothing is interrupted: it is a matter of renaming.
    if (!(await staging.place())) {
      // Another `pack` was faster; with the same bytes, that is as good.
      await staging.discard();
      return await publishPack(folder, pack, { signature, signal });
    }
  } catch (error) {
    await withdrawSegments(folder, lost, staging.placed);
    throw error;
  } finally {
    await staging.discard();
  }
  // Somebody else who gave up may have withdrawn what we found there, before they could see our manifest.
  for (const segment of segments)
    if ((await stat(file(segment)).catch(() => undefined)) === undefined)
      return await publishPack(folder, pack, { signature, signal });
  const isWritten = lost.length > 0 || !isThere;
  return {
    outcome: isWritten ? "written" : "unchanged",
    written: lost.reduce((sum, { bytes }) => sum + bytes, 0),
  };
}

/** The bytes of a segment; fails at their end where they are not what they should be. */
function* checkedChunks(segment: LaidSegment, { name, version }: Manifest): Generator<Uint8Array> {
  const hash = createHash("sha256");
  for (const chunk of segmentChunks(segment)) {
    hash.update(chunk);
    yield chunk;
  }
  if (hash.digest("hex") === segment.sha256) return;
  if (segment.isNew)
    throw new SelvedgeError(
      "model-invalid",
      "The model's files were changed while they were packed. Leave them alone meanwhile.",
    );
  throw new SelvedgeError(
    "registry-invalid",
    `${segmentPath(name, segment.sha256)} is missing or damaged, and ${name}@${version} shares tensors in it with another version. Restore the file, or pack that version again.`,
  );
}

function exists({ name, version }: Manifest): SelvedgeError {
  return new SelvedgeError(
    "version-exists",
    `${name}@${version} is published with other bytes, and a published version never changes. Pack under a new version.`,
  );
}

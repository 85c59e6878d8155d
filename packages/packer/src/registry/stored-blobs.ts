import {
  blobsOf,
  deltaBlobs,
  imageFilesOf,
  type Manifest,
  SelvedgeError,
} from "@selvedge/protocol";
import type { ModelFolder } from "./registry.ts";

/** Where a blob lies in a registry, by its digest. */
export type StoredBlobs = ReadonlyMap<
  string,
  { readonly segment: Manifest["segments"][number]; readonly offset: number }
>;

/**
 * What a version can refer to instead of storing it again: the blobs of every other version of the
 * model, those of the version whose name sorts first where several hold the same. A version that is
 * there already is compared with its own layout alone, so that packing it again changes nothing,
 * whatever was packed since.
 */
export async function storedBlobs(folder: ModelFolder, version: string): Promise<StoredBlobs> {
  const versions = await folder.versions();
  return blobsOfVersions(folder, versions.includes(version) ? [version] : versions);
}

/** Every blob of some versions; those whose manifest cannot be read have none. */
export async function blobsOfVersions(
  folder: ModelFolder,
  versions: readonly string[],
): Promise<StoredBlobs> {
  const blobs = new Map<string, { segment: Manifest["segments"][number]; offset: number }>();
  for (const version of versions) {
    const manifest = await readableManifest(folder, version);
    if (manifest === undefined) continue;
    const deltas = deltaBlobs(manifest).map(({ delta }) => delta);
    for (const { sha256, at } of [...blobsOf(manifest), ...deltas, ...imageFilesOf(manifest)]) {
      const segment = manifest.segments[at.segment];
      if (segment !== undefined && !blobs.has(sha256))
        blobs.set(sha256, { segment, offset: at.offset });
    }
  }
  return blobs;
}

/** `undefined` for a manifest that cannot be read: it has nothing to share, and `verify` reports it. */
async function readableManifest(
  folder: ModelFolder,
  version: string,
): Promise<Manifest | undefined> {
  try {
    return (await folder.manifest(version)).manifest;
  } catch (error) {
    const isUnreadable =
      error instanceof SelvedgeError &&
      ["manifest-invalid", "manifest-unsupported"].includes(error.code);
    if (isUnreadable) return undefined;
    throw error;
  }
}

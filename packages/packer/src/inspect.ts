import { blobsOf, type Manifest } from "@selvedge/protocol";
import { ModelFolder } from "./registry.ts";
import { blobsOfVersions } from "./stored-blobs.ts";

/** Which pack to look at. */
export interface InspectOptions {
  readonly name: string;
  /**
   * @default the version that `stable` serves, or the only one there is
   */
  readonly version?: string | undefined;
  readonly registry: string;
}

/** What a registry says about a pack. */
export interface InspectResult {
  readonly manifest: Manifest;
  /** SHA-256 of the manifest: the pack's id. */
  readonly digest: string;
  /** Size of the manifest. */
  readonly manifestBytes: number;
  /** What a device that holds nothing keeps of it, in all precisions, and how much of that other versions hold too. */
  readonly content: { readonly bytes: number; readonly shared: number };
  /** The channels that serve this version. */
  readonly channels: readonly string[];
}

/**
 * Reads what a pack holds. Nothing is checked against its digests: that is what `verify` does.
 *
 * @throws SelvedgeError `not-found`, `manifest-invalid`, `channel-invalid` or `options-invalid`.
 */
export async function inspect({ name, version, registry }: InspectOptions): Promise<InspectResult> {
  const folder = new ModelFolder(registry, name);
  const { manifest, digest, bytes } = await folder.manifest(
    version ?? (await folder.defaultVersion()),
  );
  const document = await folder.channels();
  const channels = Object.entries(document?.channels ?? {}).flatMap(([channel, entries]) =>
    entries.some((entry) => entry.version === manifest.version) ? [channel] : [],
  );
  const others = (await folder.versions()).filter((other) => other !== manifest.version);
  const elsewhere = await blobsOfVersions(folder, others);
  const content = { bytes: 0, shared: 0 };
  for (const blob of blobsOf(manifest)) {
    content.bytes += blob.bytes;
    if (elsewhere.has(blob.sha256)) content.shared += blob.bytes;
  }
  return { manifest, digest, manifestBytes: bytes.length, content, channels };
}

import { SelvedgeError } from "@selvedge/protocol";
import { ModelFolder, type StoredManifest } from "../registry/registry.ts";

/** Which pack is looked for. */
export interface WantedPack {
  readonly model: string;
  readonly version: string;
  /** SHA-256 of its manifest. */
  readonly digest: string;
}

/**
 * Finds a pack by its digest, in whichever version of the model it is.
 *
 * @throws SelvedgeError `not-found` where the registry has no such pack.
 */
export async function findPack(
  registry: string,
  { model, version, digest }: WantedPack,
): Promise<{ folder: ModelFolder; pack: StoredManifest }> {
  const folder = new ModelFolder(registry, model);
  const versions = await folder.versions();
  // The version that it was is looked at first, though another may hold the same.
  for (const candidate of [version, ...versions]) {
    const pack = await folder.manifest(candidate).catch(() => undefined);
    if (pack?.digest === digest) return { folder, pack };
  }
  const there = versions.includes(version)
    ? `its ${model}@${version} is another pack`
    : `it has ${versions.join(", ") || "no version"} of ${model}`;
  throw new SelvedgeError(
    "not-found",
    `${registry} has no pack ${digest}, which was ${model}@${version}: ${there}. Give the registry that served it with --registry.`,
    { detail: { model, version, digest } },
  );
}

import { readdir } from "node:fs/promises";
import { isModelName, type Manifest, SelvedgeError } from "@selvedge/protocol";
import { ModelFolder } from "./registry.ts";

/** A model and the versions of it that a channel serves. */
export interface PromotedModel {
  readonly name: string;
  readonly manifests: readonly Manifest[];
}

/**
 * Reads the versions that a page gets without asking for one: those on `stable` or, for a model that
 * has no such channel, on any.
 *
 * @throws SelvedgeError `not-found`, `channel-invalid` or `manifest-invalid`.
 */
export async function promotedModels(registry: string): Promise<PromotedModel[]> {
  const entries = await readdir(registry).catch((cause: unknown) => {
    throw new SelvedgeError("not-found", `${registry} is no registry. Check --registry.`, {
      cause,
    });
  });
  const models: PromotedModel[] = [];
  for (const name of entries.filter(isModelName).sort()) {
    const folder = new ModelFolder(registry, name);
    const channels = (await folder.channels())?.channels ?? {};
    const served = channels["stable"] ?? Object.values(channels).flat();
    const versions = [...new Set(served.map(({ version }) => version))].sort();
    const manifests: Manifest[] = [];
    for (const version of versions) manifests.push((await folder.manifest(version)).manifest);
    if (manifests.length > 0) models.push({ name, manifests });
  }
  return models;
}

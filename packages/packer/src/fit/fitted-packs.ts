import { readdir } from "node:fs/promises";
import { isModelName, SelvedgeError } from "@selvedge/protocol";
import { ModelFolder, type StoredManifest } from "../registry/registry.ts";

/** A pack that devices may run. */
export interface FittedPack extends StoredManifest {
  readonly folder: ModelFolder;
}

/**
 * The packs of a registry that a device may be given: of each model every version that a channel serves,
 * and the newest there is.
 *
 * @throws SelvedgeError `not-found` where there is none, `channel-invalid` or `manifest-invalid`.
 */
export async function fittedPacks(registry: string): Promise<FittedPack[]> {
  const entries = await readdir(registry).catch((cause: unknown) => {
    throw new SelvedgeError("not-found", `${registry} is no registry. Check --registry.`, {
      cause,
    });
  });
  const packs: FittedPack[] = [];
  for (const name of entries.filter(isModelName).sort()) {
    const folder = new ModelFolder(registry, name);
    const channels = (await folder.channels())?.channels ?? {};
    const served = Object.values(channels).flatMap((entries) =>
      entries.filter(({ buckets: [from, to] }) => from < to).map(({ version }) => version),
    );
    const newest = (await folder.versions()).sort(byVersion).slice(-1);
    for (const version of [...new Set([...served, ...newest])].sort(byVersion))
      packs.push({ folder, ...(await folder.manifest(version)) });
  }
  if (packs.length > 0) return packs;
  throw new SelvedgeError(
    "not-found",
    `There is no model in ${registry} to fit a runtime to. Pack one into it first.`,
  );
}

/** 1.10.0 is newer than 1.9.0, and than 1.10.0-rc.1. */
function byVersion(a: string, b: string): number {
  const [[releaseA = "", ...restA], [releaseB = "", ...restB]] = [a.split("-"), b.split("-")];
  const compare = (one: string, other: string) => one.localeCompare(other, "en", { numeric: true });
  return (
    compare(releaseA, releaseB) ||
    Number(restA.length === 0) - Number(restB.length === 0) ||
    compare(restA.join("-"), restB.join("-"))
  );
}

import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { isModelName, isVersion } from "@selvedge/protocol";

/** How long what was found is good for. */
const FRESH_MS = 60_000;

/** Says whether a registry has a model, or a version of it, as it was when it was last looked at. */
export type IsServed = (model: string, version?: string) => boolean;

/**
 * Looks at which versions a registry has: at once, and once in a while when it is asked. Answers do not
 * wait for that, so that a version is known a minute after it was published at the latest.
 */
export function watchServedVersions(registryDir: string, now: () => number): IsServed {
  let served = new Map<string, ReadonlySet<string>>();
  let lookAt = Number.NEGATIVE_INFINITY;
  const look = () => {
    lookAt = now() + FRESH_MS;
    void readServed(registryDir).then((found) => {
      served = found;
    });
  };
  look();
  return (model, version) => {
    if (now() >= lookAt) look();
    const versions = served.get(model);
    return versions !== undefined && (version === undefined || versions.has(version));
  };
}

/** Versions by model; a registry or a model that cannot be read has none. */
async function readServed(registryDir: string): Promise<Map<string, ReadonlySet<string>>> {
  const models = (await foldersIn(registryDir)).filter(isModelName);
  const entries = models.map(async (model) => {
    const versions = (await foldersIn(join(registryDir, model))).filter(isVersion);
    return [model, new Set(versions)] as const;
  });
  return new Map(await Promise.all(entries));
}

async function foldersIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
}

import { createHash } from "node:crypto";
import { open, realpath } from "node:fs/promises";
import { join, sep } from "node:path";
import {
  isModelName,
  isVersion,
  type Manifest,
  manifestPath,
  parseManifest,
  SelvedgeError,
} from "@selvedge/protocol";

/** More than any manifest takes, of which devices are to fetch 64 KB at most. */
const MAX_BYTES = 1024 * 1024;

/** Manifests that are kept once they were read. */
const MAX_KEPT = 256;

/** A manifest that the registry serves, and the SHA-256 that it goes by. */
interface ServedManifest {
  readonly manifest: Manifest;
  readonly digest: string;
}

/**
 * Finds a version's manifest; `undefined` where the registry has none.
 *
 * @throws SelvedgeError `manifest-invalid` where the file is there and wrong
 */
export type ReadManifest = (model: string, version: string) => Promise<ServedManifest | undefined>;

/** Reads manifests of the registry that is served, and again when their files change. */
export function createManifestReader(registryDir: string): ReadManifest {
  const kept = new Map<string, { readonly stamp: string; readonly served: ServedManifest }>();
  return async (model, version) => {
    if (!isModelName(model) || !isVersion(version)) return undefined;
    const file = await openInside(registryDir, manifestPath(model, version));
    if (file === undefined) return undefined;
    try {
      const { size, mtimeMs } = await file.stat();
      const name = `${model}@${version}`;
      const stamp = `${size} ${mtimeMs}`;
      const known = kept.get(name);
      if (known?.stamp === stamp) return known.served;
      if (size > MAX_BYTES) throw invalid(name, `is larger than ${MAX_BYTES} bytes`);
      const bytes = await file.readFile();
      const manifest = parseManifest(bytes.toString("utf8"), `manifest of ${name}`);
      if (manifest.name !== model || manifest.version !== version)
        throw invalid(name, `says it is ${manifest.name}@${manifest.version}`);
      const digest = createHash("sha256").update(bytes).digest("hex");
      const served = { manifest, digest };
      kept.delete(name);
      kept.set(name, { stamp, served });
      const [oldest] = kept.keys();
      if (kept.size > MAX_KEPT && oldest !== undefined) kept.delete(oldest);
      return served;
    } finally {
      await file.close();
    }
  };
}

/** Opens a file of the registry, not one that a link leads to outside of it. */
async function openInside(registryDir: string, path: string) {
  try {
    const root = await realpath(registryDir);
    const file = await realpath(join(root, path));
    return file.startsWith(root + sep) ? await open(file) : undefined;
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw error;
  }
}

function invalid(name: string, what: string): SelvedgeError {
  return new SelvedgeError(
    "manifest-invalid",
    `manifest of ${name}: it ${what}. Pack the version again into a clean folder, or restore it from a copy.`,
  );
}

import { createHash } from "node:crypto";
import {
  isModelName,
  isVersion,
  type Manifest,
  manifestPath,
  parseManifest,
  SelvedgeError,
  signaturePath,
  type TrustAnchors,
  verifyModelSignature,
} from "@selvedge/protocol";
import { openInside } from "./open-inside.ts";
import { createPackKeys } from "./pack-keys.ts";

/** More than any manifest takes, of which devices are to fetch 64 KB at most. */
const MAX_BYTES = 1024 * 1024;

/** Manifests that are kept once they were read. */
const MAX_KEPT = 256;

/** A manifest that the registry serves, and the SHA-256 that it goes by. */
interface ServedManifest {
  readonly manifest: Manifest;
  readonly digest: string;
  /** The ids of the keys that signed it; `null` where there are no keys to check that with. */
  readonly signedBy: readonly string[] | null;
}

/**
 * Finds a version's manifest; `undefined` where the registry has none.
 *
 * @throws SelvedgeError `manifest-invalid` where the file is there and wrong; `signature-invalid` where it is
 * not signed with keys that are trusted, if any are
 */
export type ReadManifest = (model: string, version: string) => Promise<ServedManifest | undefined>;

/**
 * Reads manifests of the registry that is served, and again when their files change.
 *
 * @param anchors whose signatures they have to have; without any, signatures are not looked at
 */
export function createManifestReader(
  registryDir: string,
  anchors?: TrustAnchors,
  now: () => number = Date.now,
): ReadManifest {
  const readText = (path: string) => readInside(registryDir, path);
  const findKeys = createPackKeys(anchors, { readText, now });
  const kept = new Map<string, { readonly stamp: string; readonly served: ServedManifest }>();
  return async (model, version) => {
    if (!isModelName(model) || !isVersion(version)) return undefined;
    const file = await openInside(registryDir, manifestPath(model, version));
    if (file === undefined) return undefined;
    try {
      const { size, mtimeMs } = await file.stat();
      const name = `${model}@${version}`;
      const signature =
        anchors === undefined ? undefined : await readText(signaturePath(model, version));
      const stamp = `${size} ${mtimeMs} ${signature}`;
      const known = kept.get(name);
      if (known?.stamp === stamp) return known.served;
      if (size > MAX_BYTES) throw invalid(name, `is larger than ${MAX_BYTES} bytes`);
      const bytes = await file.readFile();
      const manifest = parseManifest(bytes.toString("utf8"), `manifest of ${name}`);
      if (manifest.name !== model || manifest.version !== version)
        throw invalid(name, `says it is ${manifest.name}@${manifest.version}`);
      const digest = createHash("sha256").update(bytes).digest("hex");
      const trusted = await findKeys();
      if (trusted !== undefined && signature === undefined) throw unsigned(name);
      const signedBy =
        trusted === undefined || signature === undefined
          ? null
          : await verifyModelSignature(signature, {
              ...{ pack: { manifest, digest }, trusted },
              document: `signature of ${name}`,
            });
      const served = { manifest, digest, signedBy };
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

/** @throws SelvedgeError `manifest-invalid` for what is larger than any document of a registry. */
async function readInside(registryDir: string, path: string): Promise<string | undefined> {
  const file = await openInside(registryDir, path);
  if (file === undefined) return undefined;
  try {
    const { size } = await file.stat();
    if (size > MAX_BYTES) throw invalid(path, `is larger than ${MAX_BYTES} bytes`);
    return await file.readFile("utf8");
  } finally {
    await file.close();
  }
}

function unsigned(name: string): SelvedgeError {
  return new SelvedgeError(
    "signature-invalid",
    `manifest of ${name}: it is not signed, and this collector has been given public keys. Sign it with \`selvedge pack --key\`, or take publicKeys out of its config.`,
  );
}

function invalid(name: string, what: string): SelvedgeError {
  return new SelvedgeError(
    "manifest-invalid",
    `manifest of ${name}: it ${what}. Pack the version again into a clean folder, or restore it from a copy.`,
  );
}

import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { ROOT_PATH, requireFresh, SelvedgeError } from "@selvedge/protocol";
import { Staging } from "../registry/staging.ts";
import { rootFile } from "./keygen.ts";
import { followRootFile, readRootFile } from "./root-file.ts";

/** Which keys, and where devices look for changes. */
export interface PublishRootOptions {
  /** The folder that `keygen` wrote; no secret is needed from it. */
  readonly out: string;
  /** The registry's folder. */
  readonly registry: string;
}

/** What handing out a root document came to. */
export interface PublishRootResult {
  /** The files that were written. */
  readonly files: readonly string[];
  readonly version: number;
  readonly expires: string;
}

/**
 * Hands the root document out by a registry, together with the ones in which a root key handed over to
 * the next: devices that trust an older one find their way from it.
 *
 * @throws SelvedgeError `root-invalid` or `signature-invalid` where it has expired, or does not follow
 * from what the registry hands out already; `not-found` where there is no registry, `registry-invalid`
 * where it cannot be written. Nothing was changed then.
 */
export async function publishRoot({
  out,
  registry,
}: PublishRootOptions): Promise<PublishRootResult> {
  const newest = rootFile(out);
  const root = await readRootFile(newest);
  requireFresh(root, Date.now(), newest);
  const target = join(registry, ROOT_PATH);
  if (!(await isThere(registry)))
    throw new SelvedgeError("not-found", `${registry} is no registry. Check --publish.`);
  // One that does not follow would be refused by every device that has seen the other.
  if (await isThere(target)) {
    await followRootFile(newest, target);
    const present = await readRootFile(target);
    if (present.version === root.version && JSON.stringify(present) !== JSON.stringify(root))
      throw new SelvedgeError(
        "root-invalid",
        `${newest}: another version ${root.version} is handed out at ${target}. Change it once more, so that its version grows.`,
      );
  }
  const links = (await readdir(out)).filter((name) => /^root-\d+\.json$/.test(name)).sort();
  const staging = new Staging();
  try {
    // The newest last: whoever reads it finds what leads to it.
    for (const name of [...links, ROOT_PATH]) {
      const content = await readFile(join(out, name));
      const path = join(registry, name);
      const present = await readFile(path).catch(() => undefined);
      if (present?.equals(content) !== true) await staging.add(path, [content]);
    }
    await staging.place();
    return { files: staging.placed, version: root.version, expires: root.expires };
  } finally {
    await staging.discard();
  }
}

async function isThere(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}

import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join, posix, resolve, sep } from "node:path";
import { build, type Plugin, type ResolvedConfig } from "vite";

/** What Vite names after what is in it: it never changes under its address. */
const HASHED = /^assets\/[^/]*-[\w-]{8,}\.\w+$/;

/**
 * Bundles a service worker beside a built page, and puts the list of the page's files in place of its
 * `self.__WB_MANIFEST`, as Workbox's own tools do. Each file comes with its digest: a host that still
 * gives another deployment's leaves everything as it was, until the next visit.
 *
 * @param options.entry the service worker's source, relative to Vite's root
 * @param options.file what it is called beside the page; browsers know it by this name for good
 */
export function bundleServiceWorker({ entry, file }: { entry: string; file: string }): Plugin {
  let config: ResolvedConfig;
  return {
    name: "bundle-service-worker",
    apply: "build",
    configResolved(resolved) {
      config = resolved;
    },
    async closeBundle() {
      const { base, root } = config;
      const outDir = resolve(root, config.build.outDir);
      await build({
        configFile: false,
        logLevel: "warn",
        root,
        publicDir: false,
        define: {
          "self.__WB_MANIFEST": JSON.stringify(await listFiles(outDir, base)),
          "process.env.NODE_ENV": '"production"',
        },
        build: {
          target: config.build.target,
          outDir,
          emptyOutDir: false,
          rolldownOptions: { input: entry, output: { format: "iife", entryFileNames: file } },
        },
      });
    },
  };
}

/** Every file of a built page, as Workbox takes them. */
async function listFiles(folder: string, base: string) {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const listed = files.map(async ({ name, parentPath }) => {
    const place = join(parentPath, name);
    const path = place.slice(folder.length + 1).replaceAll(sep, posix.sep);
    const digest = createHash("sha256").update(await readFile(place));
    const sha256 = digest.digest("base64");
    return {
      url: base + path,
      revision: HASHED.test(path) ? null : sha256,
      integrity: `sha256-${sha256}`,
    };
  });
  return (await Promise.all(listed)).sort((a, b) => (a.url < b.url ? -1 : 1));
}

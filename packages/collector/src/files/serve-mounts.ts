import { statSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { posix, resolve } from "node:path";
import { RUNTIME_INDEX, SelvedgeError } from "@selvedge/protocol";
import { sendFile } from "./send-file.ts";

/** Sent with everything from a mount; a worker is bound by the policy its own script came with. */
const SECURITY = {
  "content-security-policy": [
    "default-src 'self'",
    "script-src 'self' 'wasm-unsafe-eval'",
    "worker-src 'self' blob:",
    "style-src 'self'",
    "img-src 'self' blob: data:",
    "connect-src 'self'",
    "object-src 'none'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join("; "),
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
};

const IMMUTABLE = "public, max-age=31536000, immutable";

/** The SDK's runtime, whose address carries what it is; all but the index, which says what there is. */
const RUNTIME_MOUNT = "/selvedge/";

/** What Vite writes: `assets/<name>-<hash>.<ext>`. */
const HASHED = /(^|\/)assets\/[^/]*[-.][A-Za-z0-9_-]{8,}\.[a-z0-9]+$/;

/** Answers a request for a path with a leading slash; `false` where no mount has it. */
export type ServeMounts = (
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
) => boolean;

/**
 * Serves built folders, each under its path; of several that fit, the longest path wins.
 *
 * @param mounts folders by URL path, such as `{ "/demo/": "demo/dist" }`
 * @throws SelvedgeError `options-invalid` where a path is none or a folder is missing.
 */
export function serveMounts(mounts: Readonly<Record<string, string>>): ServeMounts {
  const byLength = Object.entries(mounts)
    .map(([urlPath, directory]) => readMount(urlPath, directory))
    .sort((a, b) => b.prefix.length - a.prefix.length);
  return (request, response, path) => {
    // `/demo` belongs to the mount of `/demo/`, which sends it there.
    const mount = byLength.find(({ prefix }) => `${path}/`.startsWith(prefix));
    if (mount === undefined) return false;
    const { prefix, root } = mount;
    sendFile({
      request,
      response,
      root,
      path: path.slice(prefix.length - 1),
      isSite: true,
      headers: SECURITY,
      fileHeaders: (file) => ({
        "cache-control": isForGood(prefix, file) ? IMMUTABLE : "no-cache",
      }),
    });
    return true;
  };
}

function isForGood(prefix: string, file: string): boolean {
  return prefix === RUNTIME_MOUNT ? posix.basename(file) !== RUNTIME_INDEX : HASHED.test(file);
}

function readMount(urlPath: string, directory: string): { prefix: string; root: string } {
  if (!/^\/([\w.~-]+\/)*[\w.~-]*$/.test(urlPath))
    throw new SelvedgeError(
      "options-invalid",
      `mount ${urlPath}: expected a URL path that begins with a slash, such as /demo/.`,
    );
  const root = resolve(directory);
  if (statSync(root, { throwIfNoEntry: false })?.isDirectory() !== true)
    throw new SelvedgeError(
      "options-invalid",
      `mount ${urlPath}: ${directory} is no directory. Build it first, or leave out the mount.`,
      { detail: { urlPath, directory } },
    );
  return { prefix: urlPath.endsWith("/") ? urlPath : `${urlPath}/`, root };
}

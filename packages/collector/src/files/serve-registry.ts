import type { IncomingMessage, ServerResponse } from "node:http";
import { sendFile } from "./send-file.ts";

/** Pages of any origin may read a registry: what it holds is public and proven by its digests. */
const CORS = {
  "access-control-allow-origin": "*",
  "access-control-expose-headers":
    "accept-ranges, content-encoding, content-length, content-range, date, etag",
  "cross-origin-resource-policy": "cross-origin",
  "x-content-type-options": "nosniff",
};

const PREFLIGHT = {
  ...CORS,
  "access-control-allow-methods": "GET, HEAD",
  "access-control-allow-headers": "range, if-range, if-none-match, cache-control",
  "access-control-max-age": "7200",
};

const IMMUTABLE = "public, max-age=31536000, immutable";
const SEGMENT = /^[^/]+\/segments\/([0-9a-f]{64})\.bin$/;
const MANIFEST = /^[^/]+\/[^/]+\/manifest\.json$/;

/**
 * Answers a request for a file of the registry.
 *
 * @param path within the registry as the URL has it, with a leading slash
 */
export function serveRegistry(
  request: IncomingMessage,
  response: ServerResponse,
  { registryDir, path }: { registryDir: string; path: string },
): void {
  if (request.method === "OPTIONS") {
    response.writeHead(204, PREFLIGHT).end();
    return;
  }
  sendFile({
    request,
    response,
    root: registryDir,
    path,
    isSite: false,
    headers: CORS,
    fileHeaders: (file) => {
      const digest = SEGMENT.exec(file)?.[1];
      // The digest is a strong validator, which browsers need to continue a download with If-Range.
      if (digest !== undefined) return { "cache-control": IMMUTABLE, etag: `"${digest}"` };
      const isImmutable = MANIFEST.test(file) || /^[^/]+\/segments\//.test(file);
      return { "cache-control": isImmutable ? IMMUTABLE : "no-cache" };
    },
  });
}

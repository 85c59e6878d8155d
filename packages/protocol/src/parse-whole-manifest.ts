import { shippedImages } from "./image/parse-shipped-images.ts";
import type { Manifest } from "./manifest.ts";
import { parseManifest } from "./parse-manifest.ts";
import { releaseTests } from "./parse-release-tests.ts";

/**
 * Reads a manifest with all of its parts, as whoever makes packs or looks into them does.
 *
 * @throws SelvedgeError as `parseManifest` does.
 */
export function parseWholeManifest(text: string, document?: string): Manifest {
  return parseManifest(text, document, { images: shippedImages, tests: releaseTests });
}

import { SelvedgeError } from "@selvedge/protocol";

/** Parts of the package are files of their own, which the page's host has to have. */
export function chunkMissing(cause: unknown): never {
  throw new SelvedgeError(
    "network",
    "A part of Selvedge could not be loaded. Call again when the page's own files can be reached.",
    { cause },
  );
}

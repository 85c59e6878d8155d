import type { Manifest } from "./manifest.ts";
import { parseWholeManifest } from "./parse-whole-manifest.ts";
import { SelvedgeError } from "./selvedge-error.ts";

/** A copy of a manifest as plain JSON, to be spoilt. */
// biome-ignore lint/suspicious/noExplicitAny: spoiling a document means writing what its type forbids
export function copyOf(manifest: Manifest): any {
  return JSON.parse(JSON.stringify(manifest));
}

/** A value in a document. */
export interface Place {
  readonly path: string;
  readonly key: string;
  /** The object or list that has `key`, in a given copy of the document. */
  readonly parentIn: (document: unknown) => Record<string, unknown>;
  readonly value: unknown;
}

/** Every value in a document, with the path by which an error would name it. */
export function placesIn(
  value: unknown,
  path = "",
  find = (document: unknown) => document as Record<string, unknown>,
): Place[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, child]: [string, unknown]) => {
    const childPath = Array.isArray(value)
      ? `${path}[${key}]`
      : path === ""
        ? key
        : `${path}.${key}`;
    const place = { path: childPath, key, parentIn: find, value: child };
    const findChild = (document: unknown) => find(document)[key] as Record<string, unknown>;
    return [place, ...placesIn(child, childPath, findChild)];
  });
}

/** What a document, or a text, is refused with. */
export function failureOf(document: unknown): SelvedgeError {
  const text = typeof document === "string" ? document : JSON.stringify(document);
  try {
    parseWholeManifest(text);
  } catch (error) {
    if (error instanceof SelvedgeError) return error;
    throw error;
  }
  throw new Error(`accepted ${text}`);
}

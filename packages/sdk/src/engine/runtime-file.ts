import { type RuntimeFileRef, SelvedgeError, sha256 } from "@selvedge/protocol";

/** What looks at a file that the browser should have: calls may wait for it. */
const LOOK_TIMEOUT_MS = 2_000;

/**
 * Compiles a wasm that the page hosts, while it arrives: the only way into the browser's code cache.
 *
 * @param sha256 in hex; the browser hands over no byte of a file that is another, and keeps its cache
 * @param onFound called when the host has the file, and before it is read
 */
export async function streamModule(
  url: string,
  signal: AbortSignal,
  sha256?: string,
  onFound?: () => void,
): Promise<WebAssembly.Module> {
  try {
    const pinned = sha256 === undefined ? {} : { integrity: integrityOf(sha256) };
    const response = await fetch(url, { credentials: "same-origin", signal, ...pinned });
    if (!response.ok) throw new Error(`the server answered ${response.status}`);
    onFound?.();
    return await WebAssembly.compileStreaming(response);
  } catch (cause) {
    throw assetsMissing(url, cause);
  }
}

/** Imports a module that the page hosts. */
export async function importFile<T>(url: string): Promise<T> {
  try {
    return await import(/* @vite-ignore */ /* webpackIgnore: true */ url);
  } catch (cause) {
    throw assetsMissing(url, cause);
  }
}

/**
 * Whether a file that was imported is the one that its digest was taken of; `undefined` where the host
 * does not say so now, which says nothing of the file.
 */
export async function isIntact(
  folder: string,
  { file, sha256: digest }: RuntimeFileRef,
): Promise<boolean | undefined> {
  const lookup = new AbortController();
  const late = setTimeout(() => lookup.abort(), LOOK_TIMEOUT_MS);
  try {
    // The one that was imported is what the browser has of it.
    const how = { credentials: "same-origin", cache: "force-cache" } as const;
    const response = await fetch(folder + file, { ...how, signal: lookup.signal });
    if (!response.ok) return undefined;
    return (await sha256(await response.arrayBuffer())) === digest;
  } catch {
    return undefined;
  } finally {
    clearTimeout(late);
  }
}

/** A digest as `fetch` takes it. */
function integrityOf(hex: string): string {
  const bytes = Array.from({ length: hex.length / 2 }, (_, i) =>
    Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16),
  );
  return `sha256-${btoa(String.fromCharCode(...bytes))}`;
}

/** What the host of the runtimes does not have, or not now. */
export function assetsMissing(url: string, cause: unknown): SelvedgeError {
  return new SelvedgeError(
    "assets-missing",
    `The runtime file ${url} could not be loaded (${cause instanceof Error ? cause.message : String(cause)}). Run "selvedge assets --out DIR", host DIR, and pass its address as assets to createSelvedge.`,
    { cause, detail: { url } },
  );
}

import { type RuntimeFileRef, SelvedgeError, sha256 } from "@selvedge/protocol";

/** Compiles a wasm that the page hosts, while it arrives: the only way into the browser's code cache. */
export async function streamModule(url: string, signal: AbortSignal): Promise<WebAssembly.Module> {
  try {
    const response = await fetch(url, { credentials: "same-origin", signal });
    if (!response.ok) throw new Error(`the server answered ${response.status}`);
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

/** Whether a file that the page hosts is the one that its digest was taken of. */
export async function isIntact(
  folder: string,
  { file, sha256: digest }: RuntimeFileRef,
): Promise<boolean> {
  const response = await fetch(folder + file, { credentials: "same-origin" });
  return response.ok && (await sha256(await response.arrayBuffer())) === digest;
}

function assetsMissing(url: string, cause: unknown): SelvedgeError {
  return new SelvedgeError(
    "assets-missing",
    `The runtime file ${url} could not be loaded (${cause instanceof Error ? cause.message : String(cause)}). Run "selvedge assets --out DIR", host DIR, and pass its address as assets to createSelvedge.`,
    { cause, detail: { url } },
  );
}

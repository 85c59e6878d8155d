import { SelvedgeError } from "@selvedge/protocol";

/** What IndexedDB said, as an error that tells what to do about it. */
export function storageError(cause: unknown, doing: string): unknown {
  if (cause instanceof SelvedgeError || !(cause instanceof Error)) return cause;
  if (cause.name === "QuotaExceededError")
    return new SelvedgeError(
      "storage-full",
      `${doing}: this site has no more room in the browser's storage. Delete packs with selvedge.cache.delete(), or everything with selvedge.cache.clear(), or free disk space.`,
      { cause },
    );
  if (cause.name === "VersionError")
    return new SelvedgeError(
      "storage-unavailable",
      `${doing}: the cache was written by a newer version of Selvedge. Reload the page to get that version.`,
      { cause },
    );
  return new SelvedgeError(
    "storage-unavailable",
    `${doing}: the browser refuses IndexedDB here (${cause.name}: ${cause.message}). Private windows and blocked site data do that; allow site data for this page.`,
    { cause },
  );
}

/** Whether it says that IndexedDB is refused here, whole. */
export function isUnavailable(error: unknown): error is SelvedgeError {
  return error instanceof SelvedgeError && error.code === "storage-unavailable";
}

/** Whether it says that something was not kept, which may be kept elsewhere. */
export function isRefusal(error: unknown): error is SelvedgeError {
  return isUnavailable(error) || (error instanceof SelvedgeError && error.code === "storage-full");
}

/** The name of the cache that the page fills with the runtime and its service worker answers from. */
export const RUNTIME_CACHE = "selvedge-runtime";

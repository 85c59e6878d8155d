/**
 * Has the browser open this origin's storage while a worker starts: whoever asks first waits for it, which
 * is most of what a look into IndexedDB takes on a later visit. Asks for nothing, and changes nothing.
 */
export function warmStore(): void {
  try {
    // Firefox before 126 lacks it. A refusal is told to whoever opens the store.
    indexedDB.databases?.().catch(() => undefined);
  } catch {
    // An opaque origin.
  }
}

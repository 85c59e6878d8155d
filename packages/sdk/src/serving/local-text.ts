/**
 * Texts that the origin remembers between visits, for what a page wants to know before it has asked anyone.
 * Where the browser refuses to keep any there are none: an opaque origin, a webview without storage, or a
 * user who wants it so.
 */
export const localText = {
  /** Empty where there is none. */
  read(key: string): string {
    try {
      return localStorage.getItem(key) ?? "";
    } catch {
      return "";
    }
  },

  /** An empty text is forgotten. Answers whether it could be kept. */
  keep(key: string, text: string): boolean {
    try {
      if (text === "") localStorage.removeItem(key);
      else if (localStorage.getItem(key) !== text) localStorage.setItem(key, text);
      return true;
    } catch {
      return false;
    }
  },
};

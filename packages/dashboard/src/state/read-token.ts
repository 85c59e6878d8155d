import { type ReadonlySignal, signal } from "@preact/signals";

/** The token that lets this tab read the collector's answers, for as long as the tab lives. */
export interface ReadToken {
  readonly value: ReadonlySignal<string | undefined>;
  set(token: string | undefined): void;
}

const KEY = "selvedge.read-token";

/**
 * Keeps a token in a storage that ends with the tab.
 *
 * @param open may throw: a browser can refuse storage. The token is then kept in memory alone.
 */
export function createReadToken(open: () => Storage): ReadToken {
  const storage = attempt(open);
  const value = signal(attempt(() => storage?.getItem(KEY)) || undefined);
  return {
    value,
    set(token) {
      value.value = token;
      attempt(() => {
        if (token === undefined) storage?.removeItem(KEY);
        else storage?.setItem(KEY, token);
      });
    },
  };
}

function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}

import { vi } from "vitest";

/** Gives Node a `localStorage` that is empty, until globals are unstubbed. */
export function stubLocalStorage(): void {
  const kept = new Map<string, string>();
  vi.stubGlobal("localStorage", {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => kept.set(key, value),
    removeItem: (key: string) => kept.delete(key),
  });
}

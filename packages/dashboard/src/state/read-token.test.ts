import { expect, test } from "vitest";
import { createReadToken } from "./read-token.ts";

class Stored implements Storage {
  readonly #entries = new Map<string, string>();
  get length(): number {
    return this.#entries.size;
  }
  clear(): void {
    this.#entries.clear();
  }
  key(index: number): string | null {
    return [...this.#entries.keys()][index] ?? null;
  }
  getItem(key: string): string | null {
    return this.#entries.get(key) ?? null;
  }
  setItem(key: string, value: string): void {
    this.#entries.set(key, value);
  }
  removeItem(key: string): void {
    this.#entries.delete(key);
  }
}

test("a token outlives a reload of the tab, until it is taken away", () => {
  const storage = new Stored();
  createReadToken(() => storage).set("secret");
  const reloaded = createReadToken(() => storage);
  expect(reloaded.value.value).toBe("secret");
  reloaded.set(undefined);
  expect(storage).toHaveLength(0);
  expect(createReadToken(() => storage).value.value).toBeUndefined();
});

test("where storage is refused, a token is kept for as long as the page lives", () => {
  const token = createReadToken(() => {
    throw new DOMException("denied", "SecurityError");
  });
  token.set("secret");
  expect(token.value.value).toBe("secret");
});

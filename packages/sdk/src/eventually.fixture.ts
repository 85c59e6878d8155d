import { vi } from "vitest";

/** Waits until a check holds, as long as the busiest machine may take: half a minute. */
export function eventually<T>(check: () => T | Promise<T>): Promise<T> {
  return vi.waitFor(check, 30_000);
}

import type { PackSelector } from "../worker/keeper-api.ts";

/** What tells models apart on an origin: downloads of one go one after the other. */
export function modelKey({ registry, name }: Pick<PackSelector, "registry" | "name">): string {
  return registry + name;
}

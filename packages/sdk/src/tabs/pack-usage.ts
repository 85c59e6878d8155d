import { DOWNLOAD, type TabLocks, USE } from "./tab-locks.ts";

/** What the tabs of this origin do with packs right now, and eviction must not take from under them. */
export interface PackUsage {
  /** Digests of the packs that loaded models run, in any tab. */
  inUse(): Promise<ReadonlySet<string>>;
  /** Models, as `modelKey` names them, that any tab is downloading, this one included. */
  downloads(): Promise<ReadonlySet<string>>;
}

/** Reads usage off the locks that tabs hold. */
export function packUsage(locks: TabLocks): PackUsage {
  const heldBelow = async (prefix: string) =>
    new Set(
      [...(await locks.held())]
        .filter((key) => key.startsWith(prefix))
        .map((key) => key.slice(prefix.length)),
    );
  return { inUse: () => heldBelow(USE), downloads: () => heldBelow(DOWNLOAD) };
}

import { type TabLocks, USE } from "./tab-locks.ts";

/** The packs that this page's models run: marked as used for as long as any of them does. */
export class UsedPacks {
  readonly #locks: TabLocks;
  readonly #holds = new Map<string, Promise<() => void>[]>();

  constructor(locks: TabLocks) {
    this.#locks = locks;
  }

  /** One model more runs a pack. Resolves when other tabs can see it. */
  async hold(digest: string): Promise<void> {
    const hold = this.#locks.hold(USE + digest);
    this.#holds.set(digest, [...(this.#holds.get(digest) ?? []), hold]);
    await hold;
  }

  /** One model less does. */
  async release(digest: string): Promise<void> {
    const [hold, ...others] = this.#holds.get(digest) ?? [];
    this.#holds.set(digest, others);
    (await hold)?.();
  }
}

import type { CachedPack } from "./worker/keeper-api.ts";
import type { KeeperClient } from "./worker/keeper-client.ts";

/** How much the cache holds, and how much it could. Bytes. */
export interface CacheEstimate {
  /** What models take in the store: bytes that packs share count once. */
  readonly models: number;
  /** What the whole origin takes, and may take; `undefined` where the browser does not say. */
  readonly usage: number | undefined;
  readonly quota: number | undefined;
  /** Whether the browser has promised not to evict it. */
  readonly persisted: boolean;
}

type Cancellable = { readonly signal?: AbortSignal };

/** What this device keeps of models, in IndexedDB. */
export class ModelCache {
  readonly #keeper: KeeperClient;

  constructor(keeper: KeeperClient) {
    this.#keeper = keeper;
  }

  /** The packs that are complete, those that are kept in memory included; those used last first. */
  list({ signal }: Cancellable = {}): Promise<CachedPack[]> {
    return this.#keeper.call((keeper, call) => keeper.list(call), signal);
  }

  async estimate({ signal }: Cancellable = {}): Promise<CacheEstimate> {
    const models = await this.#keeper.call((keeper, call) => keeper.size(call), signal);
    // WebKit has no navigator.storage in some of its webviews.
    const { storage } = navigator;
    const { usage, quota } = (await storage?.estimate?.()) ?? {};
    const persisted = (await storage?.persisted?.()) ?? false;
    signal?.throwIfAborted();
    return { models, usage, quota, persisted };
  }

  /**
   * Deletes a model, or one version of it, from whichever registry it came, and with it all bytes that
   * no other pack needs. A model that is loaded goes on answering; where it needs them again, because its
   * engine crashed or a file of it is asked for, they are fetched again.
   *
   * @returns how many versions were deleted
   */
  delete(
    name: string,
    { version, signal }: Cancellable & { readonly version?: string } = {},
  ): Promise<number> {
    return this.#keeper.call((keeper, call) => keeper.remove(call, name, version), signal);
  }

  /** Deletes every model. Telemetry that waits to be sent stays. */
  clear({ signal }: Cancellable = {}): Promise<void> {
    return this.#keeper.call((keeper, call) => keeper.clear(call), signal);
  }

  /** Asks the browser not to evict this origin's storage. @returns whether it will not */
  async persist({ signal }: Cancellable = {}): Promise<boolean> {
    signal?.throwIfAborted();
    const isPersisted = (await navigator.storage?.persist?.()) ?? false;
    signal?.throwIfAborted();
    return isPersisted;
  }
}

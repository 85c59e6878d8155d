import type { Database } from "../store/database.ts";
import { pause } from "./pause.ts";
import { randomName } from "./random-name.ts";
import type { RunOptions, TabLocks } from "./tab-locks.ts";

/** How long a lease is good for that is not renewed: as long as a crash holds up the others. */
export const LEASE_MS = 6_000;
const RENEW_MS = 2_000;

/** How often one who waits looks, at least and at most: not all at the same moment. */
const LOOK_MS = [200, 500] as const;

/**
 * Tab locks where the browser has none: records in IndexedDB that say who holds a key and until when,
 * renewed for as long as it is held. Turns go to whoever looks first.
 *
 * The clock may be put back. What claims to last longer than any lease can is cut to that, so that an
 * owner who lives renews it, and one who does not is waited for no longer than usual.
 */
export class LeaseLocks implements TabLocks {
  readonly #database: Database;
  readonly #now: () => number;

  /** @param now milliseconds since 1970 */
  constructor(database: Database, now: () => number = Date.now) {
    this.#database = database;
    this.#now = now;
  }

  async run<T>(key: string, work: () => Promise<T>, { signal, overtake }: RunOptions): Promise<T> {
    const owner = randomName();
    signal.throwIfAborted();
    while (!(await this.#take(key, owner, overtake?.aborted))) {
      const [least, most] = LOOK_MS;
      await pause(least + Math.random() * (most - least), signal);
    }
    const giveBack = this.#keep(key, owner);
    try {
      signal.throwIfAborted();
      return await work();
    } finally {
      await giveBack();
    }
  }

  async hold(key: string): Promise<() => void> {
    const owner = randomName();
    const own = `${key} ${owner}`;
    await this.#take(own, owner);
    const giveBack = this.#keep(own, owner);
    return () => void giveBack();
  }

  async held(): Promise<ReadonlySet<string>> {
    return this.#database.use("asking what other tabs do", async (connection) => {
      const now = this.#now();
      const held = new Set<string>();
      const { store, done } = connection.transaction("leases", "readwrite");
      for (let cursor = await store.openCursor(); cursor; cursor = await cursor.continue()) {
        const { owner, until } = cursor.value;
        // What was left behind by a crash goes, so that it cannot pile up.
        if (!(until > now)) await cursor.delete();
        else held.add(cursor.key.split(" ")[0] ?? "");
        if (until > now + LEASE_MS) await cursor.update({ owner, until: now + LEASE_MS });
      }
      await done;
      return held;
    });
  }

  /** Takes a lease, or renews one's own. @returns whether it is the owner's now */
  async #take(key: string, owner: string, isOvertaking = false): Promise<boolean> {
    const taken = this.#database.use("waiting for other tabs", async (connection) => {
      const now = this.#now();
      const { store, done } = connection.transaction("leases", "readwrite");
      const lease = await store.get(key);
      const isFree = lease === undefined || lease.owner === owner || !(lease.until > now);
      const isOurs = isFree || isOvertaking;
      if (isOurs) await store.put({ owner, until: now + LEASE_MS }, key);
      else if (lease.until > now + LEASE_MS)
        await store.put({ ...lease, until: now + LEASE_MS }, key);
      await done;
      return isOurs;
    });
    // Where nothing can be written any more, there is nothing to wait for either.
    return taken.catch(() => true);
  }

  /** Renews a lease. @returns what gives it back */
  #keep(key: string, owner: string): () => Promise<void> {
    // One that was overtaken is not taken back: whoever has it now does the work too.
    const renew = async () => {
      if (!(await this.#take(key, owner))) clearInterval(timer);
    };
    const timer = setInterval(() => void renew(), RENEW_MS);
    return async () => {
      clearInterval(timer);
      const returned = this.#database.use("letting other tabs go on", async (connection) => {
        const { store, done } = connection.transaction("leases", "readwrite");
        const lease = await store.get(key);
        if (lease?.owner === owner) await store.delete(key);
        await done;
      });
      // A lease that cannot be given back runs out.
      await returned.catch(() => undefined);
    };
  }
}

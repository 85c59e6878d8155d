import type { Database } from "../store/database.ts";
import { LeaseLocks } from "./lease-locks.ts";
import { OwnLocks } from "./own-locks.ts";
import type { TabLocks } from "./tab-locks.ts";
import { WebLocks } from "./web-locks.ts";

/**
 * The best tab locks that there are: the browser's; where it has none, or refuses them to this
 * origin, leases in IndexedDB; where that is refused too, this worker's own. Looked for when first
 * needed.
 */
export function findLocks(database: Database): TabLocks {
  let found: Promise<TabLocks> | undefined;
  const best = () => {
    found ??= find(database);
    return found;
  };
  return {
    run: async (key, work, options) => (await best()).run(key, work, options),
    hold: async (key) => (await best()).hold(key),
    held: async () => (await best()).held(),
  };
}

async function find(database: Database): Promise<TabLocks> {
  const locks: LockManager | undefined = navigator.locks;
  if (locks !== undefined && (await isAllowed(() => locks.query()))) return new WebLocks(locks);
  const look = () =>
    database.use("looking for other tabs", (connection) => connection.count("leases"));
  return (await isAllowed(look)) ? new LeaseLocks(database) : new OwnLocks();
}

function isAllowed(ask: () => Promise<unknown>): Promise<boolean> {
  return ask().then(
    () => true,
    () => false,
  );
}

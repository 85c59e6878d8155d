import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Database } from "../store/database.ts";
import { freshDatabase } from "../store/fresh-database.fixture.ts";
import { findLocks } from "./find-locks.ts";

const { signal } = new AbortController();
let database: Database;

beforeEach(async () => {
  database = await freshDatabase();
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

/** Where a lock can be seen that was found: in the browser's, in IndexedDB, or only by itself. */
async function whereSeen(): Promise<string[]> {
  const locks = findLocks(database);
  return locks.run(
    "rec",
    async () => {
      const seen = [...(await locks.held())];
      vi.restoreAllMocks();
      const { held = [] } = await navigator.locks.query();
      if (held.some(({ name }) => name === "selvedge:rec")) seen.push("browser");
      const leases = await database
        .use("looking", (connection) => connection.getAllKeys("leases"))
        .catch((): string[] => []);
      if (leases.includes("rec")) seen.push("IndexedDB");
      return seen;
    },
    { signal },
  );
}

const withoutLocks = () =>
  // Some webviews have no such property, whatever the types say.
  vi.spyOn(navigator, "locks", "get").mockReturnValue(undefined as unknown as LockManager);

test("the browser's locks are taken where there are any", async () => {
  expect(await whereSeen()).toEqual(["rec", "browser"]);
});

test("leases in IndexedDB are taken where the browser has no locks", async () => {
  withoutLocks();
  expect(await whereSeen()).toEqual(["rec", "IndexedDB"]);
});

test("leases in IndexedDB are taken where the browser refuses its locks to this origin", async () => {
  const refused = new DOMException("not allowed in this context", "SecurityError");
  vi.spyOn(LockManager.prototype, "query").mockRejectedValue(refused);
  expect(await whereSeen()).toEqual(["rec", "IndexedDB"]);
});

test("where IndexedDB is refused too, turns are still taken in this tab", async () => {
  withoutLocks();
  vi.stubGlobal("indexedDB", {
    open() {
      throw new DOMException("no storage here", "SecurityError");
    },
  });
  expect(await whereSeen()).toEqual(["rec"]);
});

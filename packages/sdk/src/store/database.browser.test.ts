import { deleteDB, openDB } from "idb";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { select } from "../delivery/registry.fixture.ts";
import { activationKey, findActive } from "./activations.ts";
import { Database } from "./database.ts";
import { freshDatabase } from "./fresh-database.fixture.ts";
import { listPacks, storedBytes, touchPack } from "./packs.ts";

let database: Database;

beforeEach(async () => {
  database = await freshDatabase();
});

afterEach(() => {
  vi.restoreAllMocks();
});

test("a connection makes room for another tab that deletes the database, and opens anew", async () => {
  expect(await listPacks(database)).toEqual([]);
  const blocked = vi.fn();
  await deleteDB("selvedge", { blocked });
  expect(blocked).not.toHaveBeenCalled();
  expect(await listPacks(database)).toEqual([]);
});

test("a closed store opens again when it is needed", async () => {
  await listPacks(database);
  await database.close();
  expect(await listPacks(database)).toEqual([]);
});

test("calls at once share one connection", async () => {
  const open = vi.spyOn(IDBFactory.prototype, "open");
  await Promise.all([listPacks(database), listPacks(database), findActive(database, select())]);
  expect(open).toHaveBeenCalledTimes(1);
});

test("what version 1 of the schema kept is carried over", async () => {
  await database.close();
  await deleteDB("selvedge");
  const old = await openDB("selvedge", 1, {
    upgrade(connection) {
      connection.createObjectStore("packs", { keyPath: "digest" });
      connection.createObjectStore("activations");
      connection.createObjectStore("pieces");
      connection.createObjectStore("outbox", { autoIncrement: true });
    },
  });
  const kept = { digest: "ab".repeat(32), dtype: "fp32" };
  await old.put("activations", kept, activationKey(select()));
  await old.put("pieces", new ArrayBuffer(3), ["cd".repeat(32), 0]);
  old.close();

  expect(await findActive(database, select())).toEqual({
    current: kept,
    isProven: true,
    refused: [],
  });
  expect(await storedBytes(database)).toBe(3);
});

describe("where IndexedDB is refused, it holds nothing, and every other use says why:", () => {
  const refusals: [how: string, refuse: () => IDBOpenDBRequest][] = [
    [
      "at once, as in an opaque origin",
      () => {
        throw new DOMException("access denied", "SecurityError");
      },
    ],
    [
      "a moment later, as in a private window",
      () => {
        const request = Object.assign(new EventTarget(), {
          error: new DOMException("no storage in private windows", "InvalidStateError"),
        });
        queueMicrotask(() => request.dispatchEvent(new Event("error")));
        return Object.setPrototypeOf(request, IDBOpenDBRequest.prototype);
      },
    ],
  ];

  test.each(refusals)("%s", async (_how, refuse) => {
    const open = vi.spyOn(IDBFactory.prototype, "open").mockImplementation(refuse);
    expect(await listPacks(database)).toEqual([]);
    expect(await findActive(database, select())).toBeUndefined();
    expect(await storedBytes(database)).toBe(0);
    expect(await database.canOpen()).toBe(false);
    await expect(touchPack(database, "ab".repeat(32))).rejects.toMatchObject({
      name: "SelvedgeError",
      code: "storage-unavailable",
      message: expect.stringContaining("refuses IndexedDB"),
    });
    open.mockRestore();
    expect(await listPacks(database)).toEqual([]);
  });
});

test("a database of a newer version is storage-unavailable, and says to reload", async () => {
  const newer = await openDB("selvedge", 99);
  newer.close();
  expect(await listPacks(database)).toEqual([]);
  await expect(touchPack(database, "ab".repeat(32))).rejects.toMatchObject({
    code: "storage-unavailable",
    message: expect.stringContaining("newer version"),
  });
});

test("a quota that is used up is storage-full, and says what to delete", async () => {
  vi.spyOn(IDBObjectStore.prototype, "put").mockImplementation(() => {
    throw new DOMException("full", "QuotaExceededError");
  });
  const put = database.use("storing model bytes", (connection) =>
    connection.put("pieces", new ArrayBuffer(1), ["a", 0]),
  );
  await expect(put).rejects.toMatchObject({
    code: "storage-full",
    message: expect.stringContaining("selvedge.cache.delete()"),
  });
});

test("a Database is not opened before it is used", () => {
  const open = vi.spyOn(IDBFactory.prototype, "open");
  new Database();
  expect(open).not.toHaveBeenCalled();
});

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Database } from "../store/database.ts";
import { freshDatabase } from "../store/fresh-database.fixture.ts";
import { type BuiltPack, buildPack } from "../store/pack.fixture.ts";
import type { Availability } from "../worker/keeper-api.ts";
import { availability } from "./availability.ts";
import { install } from "./install.ts";
import { FakeRegistry, select } from "./registry.fixture.ts";
import { roomsOf } from "./rooms.fixture.ts";

const { signal } = new AbortController();

let database: Database;
let pack: BuiltPack;
let registry: FakeRegistry;

beforeEach(async () => {
  database = await freshDatabase();
  pack = await buildPack();
  registry = new FakeRegistry([pack]);
  vi.stubGlobal("fetch", registry.fetch);
});

afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

const ask = (isDownloading = false): Promise<Availability> =>
  availability(roomsOf(database), select(), { signal, isDownloading });
const installIt = () =>
  install(roomsOf(database), select(), { signal, onProgress: () => undefined });

test("a model that was never fetched is downloadable, with its bytes", async () => {
  expect(await ask()).toMatchObject({ state: "downloadable", bytes: pack.segment.byteLength });
  expect(registry.segmentRequests).toEqual([]);
});

test("while it is fetched it is downloading", async () => {
  expect(await ask(true)).toMatchObject({ state: "downloading" });
});

test("a model in the store is available, and the registry is not asked", async () => {
  await installIt();
  registry.requests.length = 0;
  expect(await ask()).toEqual({ state: "available", bytes: 0, reasons: [] });
  expect(registry.requests).toEqual([]);
});

test("of a model that lost a piece only that is downloadable", async () => {
  await installIt();
  const [tensor] = pack.manifest.variants[0]?.tensors ?? [];
  await database.use("losing a piece", (connection) =>
    connection.delete("pieces", [tensor?.sha256 ?? "", 2]),
  );
  expect(await ask()).toMatchObject({ state: "downloadable", bytes: 1000 });
});

test("a model that no one has is unavailable, and the reason says why", async () => {
  registry.files.clear();
  expect(await ask()).toEqual({
    state: "unavailable",
    bytes: 0,
    reasons: [expect.stringContaining("answered 404")],
  });
});

test("where IndexedDB is refused a model is downloadable, and would run from memory", async () => {
  vi.spyOn(IDBFactory.prototype, "open").mockImplementation(() => {
    throw new DOMException("access denied", "SecurityError");
  });
  expect(await ask()).toMatchObject({
    state: "downloadable",
    bytes: pack.segment.byteLength,
    reasons: [
      expect.stringContaining("have to be fetched"),
      expect.stringContaining("from memory"),
    ],
    space: { fits: false },
  });
});

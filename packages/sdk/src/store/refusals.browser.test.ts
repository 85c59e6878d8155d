import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { select } from "../delivery/registry.fixture.ts";
import { AnswerTable } from "../predictions/answer-table.ts";
import { Outbox } from "../telemetry/outbox.ts";
import { activate, findActive } from "./activations.ts";
import type { Database } from "./database.ts";
import { DownloadMark } from "./downloads.ts";
import { freshDatabase } from "./fresh-database.fixture.ts";
import { buildPack, firstVariant } from "./pack.fixture.ts";
import { clearPacks, findPack, listPacks, neededBlobs, storedBytes, touchPack } from "./packs.ts";
import { missingPieces, putPieces, readBlobs, readPieceUnchecked } from "./pieces.ts";
import { removePacks } from "./remove-packs.ts";
import { takeStock } from "./take-stock.ts";

const ANSWER = { id: "a", model: "m", version: "1.0.0", dtype: "fp32", backend: "wasm" } as const;

let database: Database;
let unheard: string[];
const hear = (event: PromiseRejectionEvent) => {
  event.preventDefault();
  unheard.push(String(event.reason));
};

beforeEach(async () => {
  database = await freshDatabase();
  unheard = [];
  addEventListener("unhandledrejection", hear);
});

afterEach(() => {
  vi.restoreAllMocks();
  removeEventListener("unhandledrejection", hear);
});

/** Everything that the store does, on a pack. */
async function everyUse(): Promise<(() => Promise<unknown>)[]> {
  const { manifest, text, digest } = await buildPack();
  const needs = neededBlobs(manifest, firstVariant(manifest));
  const { name, version } = manifest;
  const mark = new DownloadMark(database, "one", { blobs: [], packs: [] });
  const outbox = new Outbox(database, { maxBytes: 1000, maxAgeMs: 1000 });
  return [
    () => findActive(database, select()),
    () =>
      activate(database, {
        pack: { digest, registry: "", name, version, manifest: text, dtype: "fp32" },
        needs: [],
        selector: select(),
      }),
    () => missingPieces(database, needs),
    () => putPieces(database, [{ key: ["a", 0], bytes: new ArrayBuffer(1) }]),
    () => readBlobs(database, needs),
    () => readPieceUnchecked(database, [digest, 0]),
    () => findPack(database, digest),
    () => touchPack(database, digest),
    () => listPacks(database),
    () => storedBytes(database),
    () => takeStock(database),
    () => removePacks(database, () => true),
    () => clearPacks(database),
    () => mark.beat(),
    () => mark.end(),
    () => outbox.add({ signal: "metrics", body: { resourceMetrics: [] } }),
    () => outbox.look(),
    () => outbox.leave([{ signal: "metrics", body: { resourceMetrics: [] } }]),
    () => new AnswerTable(database, 10).leave([ANSWER]),
    () => outbox.lease({ owner: "test", endpoint: "/v1" }),
    () => outbox.settle([], { kind: "taken", rejected: 0 }, { owner: "test", endpoint: "/v1" }),
    () => outbox.choose("denied"),
    () => outbox.erase(),
  ];
}

/** Lets every task that rejections are reported in run. */
async function settle(): Promise<void> {
  for (let i = 0; i < 3; i++) await new Promise((resolve) => setTimeout(resolve));
}

test.each<[how: string, method: "put" | "add" | "get" | "getKey" | "getAll" | "openCursor"]>([
  ["put", "put"],
  ["add", "add"],
  ["get", "get"],
  ["getKey", "getKey"],
  ["getAll", "getAll"],
  ["openCursor", "openCursor"],
])("no rejection goes unheard where a %s fails as it runs", async (_how, method) => {
  const uses = await everyUse();
  // A request that fails takes its transaction along: this one does, a moment later.
  const real: (this: IDBObjectStore, ...parameters: never[]) => IDBRequest =
    IDBObjectStore.prototype[method];
  vi.spyOn(IDBObjectStore.prototype, method).mockImplementation(function (
    this: IDBObjectStore,
    ...parameters: unknown[]
  ) {
    const request = real.apply(this, parameters as never[]);
    this.transaction.abort();
    return request;
  } as never);
  for (const use of uses) await use().catch(() => undefined);
  await settle();
  expect(unheard).toEqual([]);
});

test("no rejection goes unheard where IndexedDB is refused", async () => {
  const uses = await everyUse();
  await database.close();
  vi.spyOn(IDBFactory.prototype, "open").mockImplementation(() => {
    throw new DOMException("access denied", "SecurityError");
  });
  for (const use of uses) await use().catch(() => undefined);
  await settle();
  expect(unheard).toEqual([]);
});

test("no rejection goes unheard where a transaction cannot be begun", async () => {
  const uses = await everyUse();
  await listPacks(database);
  vi.spyOn(IDBDatabase.prototype, "transaction").mockImplementation(() => {
    throw new DOMException("closing", "InvalidStateError");
  });
  for (const use of uses) await use().catch(() => undefined);
  await settle();
  expect(unheard).toEqual([]);
});

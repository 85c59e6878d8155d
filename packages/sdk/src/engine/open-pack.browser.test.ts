import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { install } from "../delivery/install.ts";
import { FakeRegistry, select } from "../delivery/registry.fixture.ts";
import { roomsOf } from "../delivery/rooms.fixture.ts";
import { activationKey } from "../store/activations.ts";
import type { Database } from "../store/database.ts";
import { freshDatabase } from "../store/fresh-database.fixture.ts";
import { type BuiltPack, buildPack, noise } from "../store/pack.fixture.ts";
import { listPacks } from "../store/packs.ts";
import { openPack } from "./open-pack.ts";

const WEIGHTS = noise(3000, 1);
const BY_SELECTOR = { by: "selector", selector: select() } as const;

let database: Database;
let pack: BuiltPack;

beforeEach(async () => {
  database = await freshDatabase();
  pack = await buildPack({
    tensors: [WEIGHTS],
    attachments: { "labels.txt": new TextEncoder().encode("a\nb") },
  });
  vi.stubGlobal("fetch", new FakeRegistry([pack]).fetch);
  const { signal } = new AbortController();
  await install(roomsOf(database), select(), { signal, onProgress: () => undefined });
});

afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

const byDigest = () =>
  ({ by: "digest", digest: pack.digest, dtype: "fp32", backend: "wasm", features: [] }) as const;
const lose = (sha256 = "") =>
  database.use("losing a piece", (connection) => connection.delete("pieces", [sha256, 0]));

test.each([
  ["selector", () => BY_SELECTOR],
  ["digest", byDigest],
])(
  "a pack is read by %s: its graph, and a buffer a tensor under its digest",
  async (_by, request) => {
    const read = await openPack(database, request());
    expect(read).toMatchObject({
      digest: pack.digest,
      variant: { dtype: "fp32" },
      manifest: pack.manifest,
      bytes: pack.segment.byteLength,
    });
    expect(new TextDecoder().decode(read?.source.graph)).toBe("graph of tiny@1.0.0 as fp32");
    const [tensor] = pack.manifest.variants[0]?.tensors ?? [];
    expect(read?.source.tensors).toEqual([{ name: tensor?.sha256, data: WEIGHTS.buffer }]);
  },
);

test("nothing active for a selector is no error: the keeper has to install it first", async () => {
  const selector = select({ channel: "canary" });
  expect(await openPack(database, { by: "selector", selector })).toBeUndefined();
});

test("what was installed for a backend that has other needs now is not active: the keeper finds another", async () => {
  const selector = select({ backend: "webgpu" });
  await database.use("activating", (connection) =>
    connection.put(
      "activations",
      { current: { digest: pack.digest, dtype: "fp32" }, isProven: true, refused: [] },
      activationKey(selector),
    ),
  );
  expect(await openPack(database, { by: "selector", selector })).toBeUndefined();
  await expect(openPack(database, { ...byDigest(), backend: "webgpu" })).rejects.toMatchObject({
    code: "no-candidate",
  });
});

test("a pack by digest that is gone is storage-damaged, and says what may have happened", async () => {
  const digest = "0".repeat(64);
  await expect(openPack(database, { ...byDigest(), digest })).rejects.toMatchObject({
    code: "storage-damaged",
    message: expect.stringContaining("evicted"),
  });
});

test("a pack that lost its labels is not whole: opened by selector, it is to be installed again", async () => {
  const [labels] = pack.manifest.attachments;
  await lose(labels?.sha256);
  await expect(openPack(database, BY_SELECTOR)).rejects.toMatchObject({
    code: "storage-damaged",
    detail: { pieces: [`${labels?.sha256}/0`] },
  });
  expect(await openPack(database, byDigest())).toBeDefined();
});

test("opening notes that the pack was used", async () => {
  const [before] = await listPacks(database);
  await openPack(database, BY_SELECTOR);
  await expect
    .poll(async () => (await listPacks(database))[0]?.usedAt.getTime())
    .toBeGreaterThan(before?.usedAt.getTime() ?? 0);
});

test("a store without room for that note opens the pack all the same", async () => {
  vi.spyOn(IDBObjectStore.prototype, "put").mockImplementation(() => {
    throw new DOMException("full", "QuotaExceededError");
  });
  expect(await openPack(database, BY_SELECTOR)).toMatchObject({ digest: pack.digest });
});

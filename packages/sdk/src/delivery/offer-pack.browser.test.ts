import { publicHalf } from "@selvedge/protocol";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { anchorsFor, newKey, promotePack, signPack } from "../channel/signed-registry.fixture.ts";
import { Trust } from "../channel/trust.ts";
import { findActive } from "../store/activations.ts";
import type { Database } from "../store/database.ts";
import { freshDatabase } from "../store/fresh-database.fixture.ts";
import { type BuiltPack, buildPack, firstVariant, noise } from "../store/pack.fixture.ts";
import { listPacks } from "../store/packs.ts";
import { missingPieces } from "../store/pieces.ts";
import type { PackSelector } from "../worker/keeper-api.ts";
import { install } from "./install.ts";
import { fetchOffered, offerPack } from "./offer-pack.ts";
import { FakeRegistry, REGISTRY, select } from "./registry.fixture.ts";
import { networkOf, roomsOf } from "./rooms.fixture.ts";
import type { DeliveryRooms } from "./rooms.ts";

const { signal } = new AbortController();
const onProgress = () => undefined;

let database: Database;
let pack: BuiltPack;
let registry: FakeRegistry;
let rooms: DeliveryRooms;
let wanted: PackSelector;

beforeEach(async () => {
  database = await freshDatabase();
  pack = await buildPack({ golden: [noise(100, 3), noise(100, 4)] });
  registry = new FakeRegistry([pack]);
  vi.stubGlobal("fetch", registry.fetch);
  const key = await newKey();
  await signPack(registry, pack, key);
  await promotePack(registry, pack, key);
  const { anchors, trust } = await anchorsFor([publicHalf(key)]);
  const network = networkOf();
  rooms = {
    ...roomsOf(database, network),
    trust: new Trust(anchors, { registry: REGISTRY, database, network }),
  };
  wanted = select({ trust });
});

afterEach(async () => {
  vi.unstubAllGlobals();
  await database.close();
});

test("a pack that nothing is held of is offered to a page whose keys have signed it", async () => {
  const offer = await offerPack(rooms, wanted, signal);
  expect(offer).toMatchObject({ digest: pack.digest, manifest: pack.text, version: "1.0.0" });
  expect(Object.keys(offer?.signedBy ?? {})).toEqual([wanted.trust]);
  expect(registry.segmentRequests).toEqual([]);
});

test("nothing is offered without keys, or where something answers already", async () => {
  expect(await offerPack(rooms, select(), signal)).toBeUndefined();
  expect(registry.requests).toEqual([]);
  await install(rooms, wanted, { signal, onProgress });
  expect(await offerPack(rooms, wanted, signal)).toBeUndefined();
});

test("blobs of an offer are stored, and make nothing visible", async () => {
  await offerPack(rooms, wanted, signal);
  const { graph } = firstVariant(pack.manifest);
  const told: number[] = [];
  const fetched = await fetchOffered(rooms, wanted, {
    blobs: [graph],
    signal,
    onProgress: ({ loaded, total }) => told.push(loaded, total),
  });
  expect(fetched).toBe(graph.bytes);
  expect(told).toEqual([0, graph.bytes, graph.bytes, graph.bytes]);
  expect(await missingPieces(database, [graph])).toEqual(new Set());
  expect(await listPacks(database)).toEqual([]);
  expect(await findActive(database, wanted)).toBeUndefined();
  // A second time it is there.
  expect(await fetchOffered(rooms, wanted, { blobs: [graph], signal, onProgress })).toBe(0);
});

test("a blob that is not what the manifest says is not stored", async () => {
  await offerPack(rooms, wanted, signal);
  const { graph } = firstVariant(pack.manifest);
  registry.intercept = (request) =>
    request.path.includes("/segments/")
      ? registry.answerWrongly(request, [graph.at.offset + 1])
      : undefined;
  const fetching = fetchOffered(rooms, wanted, { blobs: [graph], signal, onProgress });
  await expect(fetching).rejects.toMatchObject({ code: "integrity" });
  expect((await missingPieces(database, [graph])).size).toBe(1);
});

test("what does not fit is not fetched", async () => {
  await offerPack(rooms, wanted, signal);
  const blobs = [firstVariant(pack.manifest).graph];
  rooms.space.limit({ maxBytes: 10 });
  const fetching = fetchOffered(rooms, wanted, { blobs, signal, onProgress });
  await expect(fetching).rejects.toMatchObject({ code: "storage-full" });
  expect(registry.segmentRequests).toEqual([]);
});

test("the very pack that was offered is installed, and no document is asked for again", async () => {
  await offerPack(rooms, wanted, signal);
  const asked = registry.requests.length;
  const { digest } = await install(rooms, wanted, { signal, onProgress });
  expect(digest).toBe(pack.digest);
  expect(registry.requests.length - asked).toBe(registry.segmentRequests.length);
  const [stored] = await listPacks(database);
  expect(stored).toMatchObject({ digest, storage: "persistent" });
});

import { PIECE_BYTES, pieceDigests } from "@selvedge/protocol";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { findActive } from "../store/activations.ts";
import type { Database } from "../store/database.ts";
import { freshDatabase } from "../store/fresh-database.fixture.ts";
import {
  type BuiltPack,
  buildPack,
  firstVariant,
  gzip,
  noise,
  type PackContent,
} from "../store/pack.fixture.ts";
import { neededBlobs } from "../store/packs.ts";
import { readBlobs } from "../store/pieces.ts";
import type { Progress } from "../worker/keeper-api.ts";
import { availability } from "./availability.ts";
import { InFlight } from "./in-flight.ts";
import { install } from "./install.ts";
import { FakeRegistry, select } from "./registry.fixture.ts";
import { roomsOf } from "./rooms.fixture.ts";

const LARGE = noise(PIECE_BYTES * 2 + 1000, 1);
const SMALL = noise(5000, 2);
const NUDGED_LARGE = LARGE.map((byte, i) => byte + (i % 7 === 0 ? 1 : 0));
const NUDGED = [NUDGED_LARGE, SMALL.map((byte, i) => byte + (i % 7 === 0 ? 1 : 0))];

let database: Database;
let registry: FakeRegistry;

beforeEach(async () => {
  database = await freshDatabase();
  registry = new FakeRegistry([await buildPack({ tensors: [LARGE, SMALL] })]);
  vi.stubGlobal("fetch", registry.fetch);
});

afterEach(() => {
  vi.unstubAllGlobals();
});

const { signal } = new AbortController();
const installIt = (onProgress: (progress: Progress) => void = () => undefined) =>
  install(roomsOf(database), select(), { signal, onProgress });

/** Publishes what the small change makes of the model. */
async function publishUpdate(content: PackContent = {}): Promise<BuiltPack> {
  const update = await buildPack({
    version: "2.0.0",
    tensors: NUDGED,
    bases: [LARGE, SMALL],
    ...content,
  });
  registry.publish(update);
  registry.requests.length = 0;
  return update;
}

const tensorsOf = ({ manifest }: BuiltPack) => manifest.variants[0]?.tensors ?? [];
const sum = (sizes: readonly (number | undefined)[]) =>
  sizes.reduce<number>((total, size) => total + (size ?? 0), 0);
/** The graph's bytes with those of the deltas. */
const updateBytes = (pack: BuiltPack) =>
  sum([pack.manifest.variants[0]?.graph.bytes, ...tensorsOf(pack).map((t) => t.delta?.bytes)]);
const rawBytes = (pack: BuiltPack) =>
  sum(neededBlobs(pack.manifest, firstVariant(pack.manifest)).map((b) => b.bytes));

/** Every byte of the pack is in the store, verified, and the pack is the one that answers. */
async function expectInstalled(pack: BuiltPack): Promise<void> {
  await readBlobs(database, neededBlobs(pack.manifest, firstVariant(pack.manifest)));
  expect(await findActive(database, select())).toMatchObject({ current: { digest: pack.digest } });
}

test("a device that holds the bases fetches the deltas, and makes the tensors of them", async () => {
  await installIt();
  const update = await publishUpdate();
  const asked = await availability(roomsOf(database), select(), { signal, isDownloading: false });
  const installed = await installIt();
  expect(installed).toMatchObject({ version: "2.0.0", bytes: rawBytes(update) });
  expect(installed.fetchedBytes).toBe(updateBytes(update));
  // The active version is complete, so that the next one is not asked for.
  expect(asked.state).toBe("available");
  const ranges = registry.segmentRequests.map(({ range }) => range ?? [0, 0]);
  expect(sum(ranges.map(([start, end]) => end - start))).toBe(updateBytes(update));
  expect(ranges).toHaveLength(2);
  await expectInstalled(update);
});

test("availability says what the deltas take, and progress comes to that", async () => {
  await installIt();
  const update = await publishUpdate();
  await database.use("forgetting", (connection) => connection.clear("activations"));
  const asked = await availability(roomsOf(database), select(), { signal, isDownloading: false });
  expect(asked).toMatchObject({ state: "downloadable", bytes: updateBytes(update) });
  const seen: Progress[] = [];
  await installIt((progress) => seen.push(progress));
  const fetching = seen.filter(({ phase }) => phase === "fetch");
  expect(fetching[0]).toMatchObject({ loaded: 0, total: updateBytes(update) });
  expect(fetching.at(-1)).toMatchObject({ loaded: updateBytes(update) });
});

test("what is made of a delta is not hashed in the buffer that is stored, which browsers would hold on to", async () => {
  await installIt();
  const update = await publishUpdate();
  const hash = vi.spyOn(crypto.subtle, "digest");
  const put = vi.spyOn(IDBObjectStore.prototype, "put");
  await installIt();
  const hashed = hash.mock.calls.map(([, bytes]) =>
    ArrayBuffer.isView(bytes) ? bytes.buffer : bytes,
  );
  const stored = put.mock.calls
    .map(([value]) => value)
    .filter((value) => value instanceof ArrayBuffer);
  vi.restoreAllMocks();
  expect(stored.length).toBeGreaterThanOrEqual(tensorsOf(update).flatMap(pieceDigests).length);
  expect(stored.filter((buffer) => hashed.includes(buffer))).toEqual([]);
});

test("a device that holds nothing fetches the tensors, and no delta", async () => {
  const update = await publishUpdate();
  expect((await installIt()).fetchedBytes).toBe(rawBytes(update));
  await expectInstalled(update);
});

test("a device that lacks a piece of a base fetches that tensor, and the other's delta", async () => {
  await installIt();
  const update = await publishUpdate();
  const [large, small] = tensorsOf(update);
  await database.use("losing a piece", (connection) =>
    connection.delete("pieces", [large?.delta?.base ?? "", 1]),
  );
  const graph = update.manifest.variants[0]?.graph.bytes;
  expect((await installIt()).fetchedBytes).toBe(sum([graph, large?.bytes, small?.delta?.bytes]));
  await expectInstalled(update);
});

test("an update of which no tensor changed fetches no tensor byte", async () => {
  await installIt();
  const update = await publishUpdate({ tensors: [LARGE, SMALL] });
  expect((await installIt()).fetchedBytes).toBe(update.manifest.variants[0]?.graph.bytes);
  await expectInstalled(update);
});

describe("the tensor itself is fetched", () => {
  /** Installs an update whose deltas come to nothing: both they and the tensors were fetched. */
  async function expectFallback(update: BuiltPack): Promise<void> {
    const { fetchedBytes } = await installIt();
    expect(fetchedBytes).toBe(updateBytes(update) + sum(tensorsOf(update).map((t) => t.bytes)));
    await expectInstalled(update);
  }

  test("where the base in the store is damaged: the pieces that come of the damage, and no other", async () => {
    await installIt();
    const update = await publishUpdate();
    await database.use("damaging", async (connection) => {
      for (const { delta } of tensorsOf(update)) {
        const key: [string, number] = [delta?.base ?? "", 0];
        const piece = new Uint8Array((await connection.get("pieces", key)) ?? new ArrayBuffer(0));
        piece[3] = (piece[3] ?? 0) ^ 1;
        await connection.put("pieces", piece.buffer, key);
      }
    });
    const { fetchedBytes } = await installIt();
    expect(fetchedBytes).toBe(updateBytes(update) + PIECE_BYTES + SMALL.byteLength);
    await expectInstalled(update);
  });

  test("where a piece of a base has another length than it should", async () => {
    await installIt();
    const update = await publishUpdate();
    await database.use("damaging", async (connection) => {
      for (const { delta } of tensorsOf(update))
        await connection.put("pieces", new ArrayBuffer(3), [delta?.base ?? "", 0]);
    });
    const { fetchedBytes } = await installIt();
    expect(fetchedBytes).toBe(updateBytes(update) + PIECE_BYTES + SMALL.byteLength);
    await expectInstalled(update);
  });

  test.each<[string, (delta: Uint8Array) => Uint8Array | Promise<Uint8Array>]>([
    ["is no gzip", (delta) => delta.map((byte) => byte ^ 0xff)],
    ["is cut short", (delta) => delta.slice(0, -20)],
    ["leads to something else", () => gzip(new Uint8Array(LARGE.length).fill(1))],
    ["is a bomb", () => gzip(new Uint8Array(50_000_000))],
  ])("where a delta %s", async (_, spoil) => {
    await installIt();
    await expectFallback(await publishUpdate({ tensors: [NUDGED_LARGE], spoil }));
  });

  test("where the host lost the deltas", async () => {
    await installIt();
    const update = await publishUpdate();
    const [first] = tensorsOf(update).map(({ delta }) => delta?.at.offset ?? 0);
    registry.intercept = ({ range }) =>
      range !== undefined && range[0] >= (first ?? 0)
        ? new Response("gone", { status: 404 })
        : undefined;
    expect((await installIt()).fetchedBytes).toBe(rawBytes(update));
    await expectInstalled(update);
  });

  test("where the host has other bytes: the one delta, not the rest", async () => {
    await installIt();
    const update = await publishUpdate();
    const [large, small] = tensorsOf(update);
    const wrong = small?.delta?.at.offset ?? 0;
    registry.intercept = (request) => registry.answerWrongly(request, [wrong]);
    const { fetchedBytes } = await installIt();
    const graph = update.manifest.variants[0]?.graph.bytes;
    expect(fetchedBytes).toBe(sum([graph, large?.delta?.bytes, small?.bytes]));
    await expectInstalled(update);
  });
});

test("undoing deltas takes one tensor's worth of memory, and what is under way: 8 MiB at most", async () => {
  const tensors = [1, 2].map((seed) => noise(6 * PIECE_BYTES + 8, seed));
  registry.publish(await buildPack({ tensors }));
  await installIt();
  const nudged = tensors.map((bytes, which) =>
    bytes.map((byte, i) => byte + (i % (5 + which) === 0 ? 1 : 0)),
  );
  const update = await publishUpdate({ tensors: nudged, bases: tensors });
  const buffers = watchBuffers(5 * PIECE_BYTES);
  const peak = vi.spyOn(InFlight.prototype, "take");
  await installIt();
  const large = buffers.end();
  // One each, the second when the first has been done with.
  expect(large).toEqual(tensors.map(({ byteLength }) => byteLength));
  const [inFlight] = peak.mock.contexts;
  // Half of it may be copied once more by IndexedDB.
  expect((inFlight as InFlight).peak).toBeLessThanOrEqual(5 * PIECE_BYTES);
  vi.restoreAllMocks();
  await expectInstalled(update);
});

/** Lists the buffers of at least so many bytes that are made from now on. */
function watchBuffers(least: number): { end: () => number[] } {
  const made: number[] = [];
  const real = globalThis.Uint8Array;
  globalThis.Uint8Array = new Proxy(real, {
    construct(target, args, newTarget) {
      const array: Uint8Array = Reflect.construct(target, args, newTarget);
      if (typeof args[0] === "number" && array.byteLength >= least) made.push(array.byteLength);
      return array;
    },
  });
  return {
    end() {
      globalThis.Uint8Array = real;
      return made;
    },
  };
}

test("an abort while deltas are fetched is an abort, and the old version stays", async () => {
  const before = await installIt();
  const update = await publishUpdate();
  const controller = new AbortController();
  const first = tensorsOf(update)[0]?.delta?.at.offset ?? 0;
  registry.intercept = (request) =>
    request.range !== undefined && request.range[0] >= first
      ? registry.answer(request, { onChunk: () => controller.abort() })
      : undefined;
  const installing = install(roomsOf(database), select(), {
    signal: controller.signal,
    onProgress: () => undefined,
  });
  await expect(installing).rejects.toMatchObject({ name: "AbortError" });
  expect(await findActive(database, select())).toMatchObject({
    current: { digest: before.digest },
  });
});

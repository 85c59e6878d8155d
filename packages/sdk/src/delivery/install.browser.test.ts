// One file, though long: one function against one registry that misbehaves in every way it can.
import { manifestPath, PIECE_BYTES, segmentPath } from "@selvedge/protocol";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { findActive } from "../store/activations.ts";
import type { Database } from "../store/database.ts";
import { freshDatabase } from "../store/fresh-database.fixture.ts";
import { type BuiltPack, buildPack, firstVariant, noise } from "../store/pack.fixture.ts";
import { findPack, neededBlobs } from "../store/packs.ts";
import { missingPieces, readBlobs } from "../store/pieces.ts";
import type { Installed, Progress } from "../worker/keeper-api.ts";
import { install } from "./install.ts";
import { FakeRegistry, type SeenRequest, select } from "./registry.fixture.ts";
import { roomsOf } from "./rooms.fixture.ts";

const LARGE = noise(PIECE_BYTES * 2 + 1000, 1);
const SMALL = noise(5000, 2);

let database: Database;
let pack: BuiltPack;
let registry: FakeRegistry;

beforeEach(async () => {
  database = await freshDatabase();
  pack = await buildPack({ tensors: [LARGE, SMALL] });
  registry = new FakeRegistry([pack]);
  vi.stubGlobal("fetch", registry.fetch);
});

afterEach(() => {
  vi.unstubAllGlobals();
});

interface Options {
  readonly selector?: ReturnType<typeof select>;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
  readonly onEngine?: (engine: string) => void;
}

function installIt({
  selector = select(),
  signal = new AbortController().signal,
  onProgress = () => undefined,
  onEngine,
}: Options = {}): Promise<Installed> {
  return install(roomsOf(database), selector, { signal, onProgress, onEngine });
}

const needs = () => neededBlobs(pack.manifest, firstVariant(pack.manifest));
const isSegment = ({ path }: SeenRequest) => path.includes("/segments/");
const missing = async () => [...(await missingPieces(database, needs()))];
const heldBytes = async () => {
  const store = await database.use("looking", (connection) => connection.getAll("pieces"));
  return store.reduce((sum, piece) => sum + piece.byteLength, 0);
};

/** Every byte of the pack is in the store, verified, and the pack answers for its selector. */
async function expectInstalled(): Promise<void> {
  const buffers = await readBlobs(database, needs());
  const bytes = buffers.reduce((sum, { byteLength }) => sum + byteLength, 0);
  expect(bytes).toBe(pack.segment.byteLength);
  expect(await findActive(database, select())).toMatchObject({
    current: { digest: pack.digest, dtype: "fp32" },
  });
}

/** No pack is visible, whatever pieces are there. */
async function expectNothingVisible(): Promise<void> {
  expect(await findActive(database, select())).toBeUndefined();
  expect(await findPack(database, pack.digest)).toBeUndefined();
}

test("a first install fetches the whole segment in one request, and says what it did", async () => {
  const installed = await installIt();
  expect(installed).toMatchObject({
    digest: pack.digest,
    version: "1.0.0",
    dtype: "fp32",
    bytes: pack.segment.byteLength,
    fetchedBytes: pack.segment.byteLength,
  });
  expect(registry.requests.map(({ path }) => path)).toEqual([
    "tiny/channels.json",
    "tiny/1.0.0/manifest.json",
    segmentPath("tiny", pack.manifest.segments[0]?.sha256 ?? ""),
  ]);
  await expectInstalled();
});

test("the channel document is asked for past the HTTP cache; manifest and segments are not", async () => {
  await installIt();
  expect(registry.requests.map(({ cache }) => cache)).toEqual(["no-cache", "default", "default"]);
});

test("a second install fetches no segment byte and no manifest", async () => {
  await installIt();
  registry.requests.length = 0;
  expect(await installIt()).toMatchObject({ fetchedBytes: 0, bytes: pack.segment.byteLength });
  expect(registry.requests.map(({ path }) => path)).toEqual(["tiny/channels.json"]);
});

test("a pinned version is installed without asking the channel", async () => {
  await installIt({ selector: select({ version: "1.0.0" }) });
  expect(registry.requests[0]?.path).toBe(manifestPath("tiny", "1.0.0"));
  expect(await findActive(database, select({ version: "1.0.0" }))).toBeDefined();
});

test("a new version fetches the tensors that changed, by Range, and nothing else", async () => {
  await installIt();
  const changed = await buildPack({ version: "2.0.0", tensors: [LARGE, noise(5000, 9)] });
  registry.publish(changed);
  registry.requests.length = 0;
  const { fetchedBytes } = await installIt();
  const [graph, , head] = neededBlobs(changed.manifest, firstVariant(changed.manifest));
  expect(fetchedBytes).toBe((graph?.bytes ?? 0) + (head?.bytes ?? 0));
  expect(registry.segmentRequests.map(({ range }) => range)).toEqual([
    [0, graph?.bytes],
    [head?.at.offset, changed.segment.byteLength],
  ]);
});

test("progress begins with what is held, grows with every piece, and ends at the total", async () => {
  const seen: Progress[] = [];
  await installIt({ onProgress: (progress) => seen.push(progress) });
  const total = pack.segment.byteLength;
  expect(seen[0]).toEqual({ phase: "resolve", file: "tiny", loaded: 0, total });
  const fetching = seen.slice(1);
  expect(fetching.every(({ phase, total: of }) => phase === "fetch" && of === total)).toBe(true);
  const loaded = fetching.map((progress) => progress.loaded);
  expect(loaded).toEqual([...loaded].sort((a, b) => a - b));
  expect([loaded[0], loaded.at(-1), loaded.length]).toEqual([0, total, 1 + 5]);
});

describe("a host without Range", () => {
  test("is asked for missing pieces and answers with everything: they are cut out of that", async () => {
    await installIt();
    const [, large] = needs();
    await database.use("losing pieces", async (connection) => {
      await connection.delete("pieces", [large?.sha256 ?? "", 1]);
    });
    registry.intercept = (request) =>
      isSegment(request) ? registry.answerWhole(request) : undefined;
    expect(await installIt()).toMatchObject({ fetchedBytes: PIECE_BYTES });
    expect(registry.segmentRequests.at(-1)?.range).toBeDefined();
    await expectInstalled();
  });

  test("that breaks off is asked again, and what was complete is not written twice", async () => {
    let attempts = 0;
    registry.intercept = (request) =>
      isSegment(request)
        ? registry.answerWhole(request, attempts++ === 0 ? { cutAt: PIECE_BYTES * 1.5 } : {})
        : undefined;
    expect(await installIt()).toMatchObject({ fetchedBytes: pack.segment.byteLength });
    expect(attempts).toBe(2);
    await expectInstalled();
  });
});

describe.each(["closes", "breaks"] as const)("a body whose connection %s", (cut) => {
  const edges = [0, 1, 27, 28, PIECE_BYTES, PIECE_BYTES + 28, 2 * PIECE_BYTES + 999];

  test.each(edges)(
    "after %d bytes is gone on with from there: no byte is fetched twice",
    async (cutAt) => {
      registry.intercept = (request) =>
        isSegment(request) && registry.segmentRequests.length === 1
          ? registry.answer(request, { cutAt, cut })
          : undefined;
      expect(await installIt()).toMatchObject({ fetchedBytes: pack.segment.byteLength });
      const { byteLength } = pack.segment;
      expect(registry.segmentRequests.map(({ range }) => range)).toEqual([
        undefined,
        cutAt === 0 ? undefined : [cutAt, byteLength],
      ]);
      await expectInstalled();
    },
  );

  test.each(edges)(
    "after %d bytes, with no connection after that, is `network`; what was complete stays, the rest is fetched",
    async (cutAt) => {
      let isDown = true;
      registry.intercept = (request) => {
        if (!isSegment(request) || !isDown) return undefined;
        if (registry.segmentRequests.length > 1) throw new TypeError("Failed to fetch");
        return registry.answer(request, { cutAt, cut });
      };
      await expect(installIt()).rejects.toMatchObject({
        code: "network",
        message: expect.stringContaining("kept"),
      });
      await expectNothingVisible();
      const held = await heldBytes();
      const complete = needs().flatMap(({ at, bytes, chunks = [""] }) =>
        chunks.map((_, index) =>
          Math.min(at.offset + (index + 1) * PIECE_BYTES, at.offset + bytes),
        ),
      );
      expect(held).toBe(Math.max(0, ...complete.filter((end) => end <= cutAt)));

      isDown = false;
      const { fetchedBytes } = await installIt();
      expect(fetchedBytes).toBe(pack.segment.byteLength - held);
      expect(registry.segmentRequests.at(-1)?.range?.[0] ?? 0).toBe(held);
      await expectInstalled();
    },
  );
});

describe("wrong bytes", () => {
  const second = 28 + PIECE_BYTES + 5;

  test("once are healed by asking for that piece again, past every cache", async () => {
    let answers = 0;
    registry.intercept = (request) =>
      isSegment(request) && answers++ === 0 ? registry.answerWrongly(request, [second]) : undefined;
    await installIt();
    const [graph] = needs();
    const start = (graph?.bytes ?? 0) + PIECE_BYTES;
    expect(registry.segmentRequests.slice(1)).toMatchObject([
      { range: [start, start + PIECE_BYTES], cache: "reload" },
    ]);
    await expectInstalled();
  });

  test("twice are `integrity`: nothing of that piece is kept, and the pack stays invisible", async () => {
    registry.intercept = (request) =>
      isSegment(request) ? registry.answerWrongly(request, [second]) : undefined;
    await expect(installIt()).rejects.toMatchObject({
      code: "integrity",
      message: expect.stringContaining("twice"),
    });
    const [, large] = needs();
    expect(await missing()).toContain(`${large?.sha256}/1`);
    expect(await missing()).not.toContain(`${large?.sha256}/0`);
    await expectNothingVisible();
  });
});

describe("an answer that is no segment is refused, and what is stored stays usable:", () => {
  const html = () =>
    new Response("<!doctype html><title>Shop</title>", {
      headers: { "content-type": "text/html; charset=utf-8" },
    });
  test.each<[what: string, code: string, answer: () => Response]>([
    ["404", "not-found", () => new Response("", { status: 404 })],
    ["410", "not-found", () => new Response("", { status: 410 })],
    ["500", "response-invalid", () => new Response("", { status: 500 })],
    ["416", "response-invalid", () => new Response("", { status: 416 })],
    ["a web page with 200", "response-invalid", html],
    ["nothing at all with 200", "network", () => new Response(null)],
    [
      "another range than was asked for",
      "response-invalid",
      () => new Response("abc", { status: 206, headers: { "Content-Range": "bytes 7-9/3000000" } }),
    ],
  ])("%s is `%s`", async (_what, code, answer) => {
    await installIt();
    registry.publish(await buildPack({ version: "2.0.0", tensors: [LARGE, noise(5000, 9)] }));
    registry.intercept = (request) => (isSegment(request) ? answer() : undefined);
    await expect(installIt()).rejects.toMatchObject({ name: "SelvedgeError", code });
    await expectInstalled();
  });
});

test("no connection is `network`, with the cause", async () => {
  registry.intercept = () => {
    throw new TypeError("Failed to fetch");
  };
  await expect(installIt()).rejects.toMatchObject({
    code: "network",
    message: expect.stringContaining("channels of tiny"),
    cause: { message: "Failed to fetch" },
  });
});

describe("an abort", () => {
  test("midway is an AbortError; whole pieces stay and are not fetched again", async () => {
    const controller = new AbortController();
    registry.intercept = (request) =>
      isSegment(request)
        ? registry.answer(request, {
            onChunk: (sent) => {
              if (sent > PIECE_BYTES * 1.5) controller.abort();
            },
          })
        : undefined;
    await expect(installIt({ signal: controller.signal })).rejects.toMatchObject({
      name: "AbortError",
    });
    await expectNothingVisible();
    const held = await heldBytes();
    expect(held).toBe((needs()[0]?.bytes ?? 0) + PIECE_BYTES);
    registry.intercept = () => undefined;
    expect(await installIt()).toMatchObject({ fetchedBytes: pack.segment.byteLength - held });
    await expectInstalled();
  });

  test("before the start asks for nothing", async () => {
    await expect(installIt({ signal: AbortSignal.abort() })).rejects.toMatchObject({
      name: "AbortError",
    });
    expect(registry.segmentRequests).toEqual([]);
  });
});

test("two installs at once both end with the pack in force", async () => {
  const [one, other] = await Promise.all([installIt(), installIt()]);
  expect(one.digest).toBe(other.digest);
  await expectInstalled();
});

test("a piece that vanishes while others are fetched is fetched again before the pack is visible", async () => {
  let isFirst = true;
  registry.intercept = (request) =>
    isSegment(request) && isFirst
      ? registry.answer(request, {
          onChunk: async (sent) => {
            if (sent < pack.segment.byteLength - 100_003 || !isFirst) return;
            isFirst = false;
            await database.use("clearing, as another tab might", (connection) =>
              connection.clear("pieces"),
            );
          },
        })
      : undefined;
  // Written before the last chunk arrives, so that there is something to lose.
  const large = await buildPack({ tensors: [noise(5 * PIECE_BYTES, 1)] });
  pack = large;
  registry.publish(large);
  const { fetchedBytes } = await installIt();
  expect(fetchedBytes).toBeGreaterThan(large.segment.byteLength);
  await expectInstalled();
});

test("a dtype that was not packed is no-candidate, and says which were", async () => {
  await expect(installIt({ selector: select({ dtype: "q8" }) })).rejects.toMatchObject({
    code: "no-candidate",
    message: expect.stringContaining("only as fp32"),
  });
});

test("a dtype that its backend is not allowed is no-candidate, before anything is fetched", async () => {
  registry.publish(await buildPack({ dtypes: ["q8"], version: "2.0.0" }));
  const selector = select({ dtype: "q8", backend: "webgpu", version: "2.0.0" });
  await expect(installIt({ selector })).rejects.toMatchObject({
    code: "no-candidate",
    message: expect.stringContaining("allows q8 on wasm only, and nothing on webgpu"),
  });
  expect(registry.requests.filter(({ path }) => path.includes("/segments/"))).toEqual([]);
});

test("the page is told the engine before anything large is fetched", async () => {
  registry.publish(await buildPack({ engine: "tfjs", version: "2.0.0" }));
  const engines: string[] = [];
  const onEngine = (engine: string) => {
    expect(registry.requests.filter(({ path }) => path.includes("/segments/"))).toEqual([]);
    engines.push(engine);
  };
  await installIt({ selector: select({ version: "2.0.0" }), onEngine });
  expect(engines).toEqual(["tfjs"]);
});

test.each(["auto", "fp32"] as const)(
  "an engine of later days is no-candidate for %s, before anything is fetched",
  async (dtype) => {
    registry.publish(await buildPack({ engine: "quantum", version: "2.0.0" }));
    const selector = select({ dtype, version: "2.0.0" });
    await expect(installIt({ selector })).rejects.toMatchObject({
      code: "no-candidate",
      message: expect.stringContaining("pdate Selvedge"),
    });
    expect(registry.requests.filter(({ path }) => path.includes("/segments/"))).toEqual([]);
  },
);

test("a stored manifest that was damaged is fetched again", async () => {
  await installIt();
  await database.use("damaging a manifest", async (connection) => {
    const record = await connection.get("packs", pack.digest);
    if (record === undefined) throw new Error("the pack is not there");
    await connection.put("packs", { ...record, manifest: record.manifest.replace("tiny", "tinx") });
  });
  registry.requests.length = 0;
  expect(await installIt()).toMatchObject({ fetchedBytes: 0 });
  expect(registry.requests.map(({ path }) => path)).toContain(manifestPath("tiny", "1.0.0"));
  expect((await findPack(database, pack.digest))?.manifest).toEqual(pack.manifest);
});

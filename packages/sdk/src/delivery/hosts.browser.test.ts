import { PIECE_BYTES, pieceRange, sha256 } from "@selvedge/protocol";
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import type { Database } from "../store/database.ts";
import { freshDatabase } from "../store/fresh-database.fixture.ts";
import { type BuiltPack, buildPack, firstVariant } from "../store/pack.fixture.ts";
import { neededBlobs } from "../store/packs.ts";
import { readBlobs } from "../store/pieces.ts";
import type { Installed } from "../worker/keeper-api.ts";
import { install } from "./install.ts";
import type { Network } from "./network.ts";
import { FakeRegistry, REGISTRY, type SeenRequest, select } from "./registry.fixture.ts";
import { networkOf, roomsOf } from "./rooms.fixture.ts";

const MIB = PIECE_BYTES;
/** Enough for several requests. */
const LARGE = pattern(11 * MIB + 1000, 1);

/** On a machine that is busy with other things, too. */
const PATIENCE = { timeout: 15_000 };

let database: Database;
let pack: BuiltPack;
let registry: FakeRegistry;

let large: BuiltPack;

beforeAll(async () => {
  large = await buildPack({ tensors: [LARGE] });
});

beforeEach(async () => {
  database = await freshDatabase();
  pack = large;
  registry = new FakeRegistry([pack]);
  vi.stubGlobal("fetch", registry.fetch);
});

afterEach(() => {
  vi.unstubAllGlobals();
});

/** Bytes of which no two pieces are alike. */
function pattern(bytes: number, seed: number): Uint8Array<ArrayBuffer> {
  const words = new Uint32Array(Math.ceil(bytes / 4));
  let state = seed;
  for (let i = 0; i < words.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    words[i] = state;
  }
  return new Uint8Array(words.buffer, 0, bytes).slice();
}

interface Options {
  readonly network?: Partial<Network>;
  readonly signal?: AbortSignal;
  readonly purpose?: "load" | "update";
}

function installIt({
  network = {},
  signal = new AbortController().signal,
  purpose,
}: Options = {}): Promise<Installed> {
  const rooms = roomsOf(database, networkOf(network));
  return install(rooms, select(), { signal, purpose, onProgress: () => undefined });
}

const needs = () => neededBlobs(pack.manifest, firstVariant(pack.manifest));
const isSegment = ({ path }: SeenRequest) => path.includes("/segments/");
const ranges = () => registry.segmentRequests.map(({ range }) => range);

/** Answers requests for model bytes, the first of which has the number 1. */
function onSegment(
  answer: (request: SeenRequest, number: number) => ReturnType<FakeRegistry["intercept"]>,
): void {
  registry.intercept = (request) =>
    isSegment(request) ? answer(request, registry.segmentRequests.length) : undefined;
}

/** Every byte of the pack is in the store, and was verified. */
async function expectInstalled(): Promise<void> {
  const buffers = await readBlobs(database, needs());
  const bytes = buffers.reduce((sum, { byteLength }) => sum + byteLength, 0);
  expect(bytes).toBe(pack.segment.byteLength);
}

/** Takes pieces of the large tensor out of the store, so that there are gaps to fill. */
async function losePieces(...indexes: readonly number[]): Promise<void> {
  const [, large] = needs();
  await database.use("losing pieces", async (connection) => {
    for (const index of indexes) await connection.delete("pieces", [large?.sha256 ?? "", index]);
  });
  registry.requests.length = 0;
}

/** Where a piece of the large tensor lies in its segment. */
function rangeOf(index: number): [start: number, end: number] {
  const [, large] = needs();
  const { start, end } = pieceRange(large?.bytes ?? 0, index);
  return [(large?.at.offset ?? 0) + start, (large?.at.offset ?? 0) + end];
}

describe("several requests at once", () => {
  test("begin when the first has been answered; together they ask for every byte once", async () => {
    let answerFirst = () => {};
    const first = new Promise<void>((resolve) => {
      answerFirst = resolve;
    });
    let underWay = 0;
    let most = 0;
    onSegment(async (request, number) => {
      if (number === 1) await first;
      underWay += 1;
      most = Math.max(most, underWay);
      const size = (request.range?.[1] ?? 0) - (request.range?.[0] ?? 0);
      const onChunk = (sent: number) => {
        if (sent >= size - 100_003) underWay -= sent > 0 && sent + 100_003 >= size ? 1 : 0;
      };
      return registry.answer(request, { onChunk });
    });
    const installing = installIt();
    await vi.waitFor(() => expect(registry.segmentRequests).toHaveLength(1), PATIENCE);
    await new Promise((resolve) => setTimeout(resolve));
    expect(registry.segmentRequests).toHaveLength(1);
    answerFirst();
    const { fetchedBytes } = await installing;
    expect(fetchedBytes).toBe(pack.segment.byteLength);
    expect(most).toBeGreaterThan(1);
    const asked = ranges().map((range) => range ?? [0, 0]);
    asked.sort(([a], [b]) => a - b);
    expect(asked.map(([start]) => start)).toEqual([0, ...asked.slice(0, -1).map(([, end]) => end)]);
    expect(asked.at(-1)?.[1]).toBe(pack.segment.byteLength);
    await expectInstalled();
  });

  test("leave Chromium's cache out, which would have them wait for each other", async () => {
    await installIt();
    const [first, ...others] = registry.segmentRequests.map(({ cache }) => cache);
    expect(first).toBe("default");
    expect(new Set(others)).toEqual(new Set(["no-store"]));
  });

  test.each([429, 503])("wait together after a %d: no request begins meanwhile", async (status) => {
    const waits: { ms: number; before: number; after: number }[] = [];
    onSegment((request, number) =>
      number === 2
        ? new Response("", { status, headers: { "Retry-After": "3" } })
        : registry.answer(request),
    );
    const wait: Network["wait"] = async (ms) => {
      const before = registry.segmentRequests.length;
      await new Promise((resolve) => setTimeout(resolve, 30));
      waits.push({ ms, before, after: registry.segmentRequests.length });
    };
    await installIt({ network: { wait, random: () => 0 } });
    expect(waits).toEqual([{ ms: 3000, before: 2, after: 2 }]);
    await expectInstalled();
  });

  test("end together: when one fails for good, none goes on, and what came is kept", async () => {
    const signals: AbortSignal[] = [];
    onSegment((request, number) => {
      if (request.signal !== undefined) signals.push(request.signal);
      return number === 3 ? new Response("", { status: 403 }) : registry.answer(request);
    });
    await expect(installIt()).rejects.toMatchObject({ detail: { status: 403 } });
    const asked = registry.segmentRequests.length;
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(registry.segmentRequests).toHaveLength(asked);
    expect(signals.filter(({ aborted }) => aborted).length).toBeGreaterThan(0);
    registry.intercept = () => undefined;
    expect((await installIt()).fetchedBytes).toBeLessThan(pack.segment.byteLength);
    await expectInstalled();
  });
});

describe("a host without Range", () => {
  test("is asked once for a segment, whatever gaps there are between what is wanted", async () => {
    await installIt();
    await losePieces(1, 3, 4, 8);
    onSegment((request) => registry.answerWhole(request));
    expect((await installIt()).fetchedBytes).toBe(4 * MIB);
    expect(registry.segmentRequests).toHaveLength(1);
    await expectInstalled();
  });

  test("is asked once, too, where everything is wanted", async () => {
    onSegment((request) => registry.answerWhole(request));
    await installIt();
    expect(registry.segmentRequests).toHaveLength(1);
    await expectInstalled();
  });

  test("that breaks off is asked again for everything, and only what is missing is taken", async () => {
    onSegment((request, number) =>
      registry.answerWhole(request, number === 1 ? { cutAt: 3.5 * MIB, cut: "breaks" } : {}),
    );
    expect((await installIt()).fetchedBytes).toBe(pack.segment.byteLength);
    expect(ranges()).toEqual([[0, expect.any(Number)], undefined]);
    await expectInstalled();
  });
});

describe("ranges that are not what was asked for:", () => {
  beforeEach(async () => {
    await installIt();
    await losePieces(1, 4, 7);
  });

  /** The gaps were filled after so many requests at most, the last of them for the whole segment. */
  async function expectWhole(requests: number): Promise<void> {
    expect((await installIt()).fetchedBytes).toBe(3 * MIB);
    expect(ranges().at(-1)).toBeUndefined();
    expect(registry.segmentRequests.length).toBeLessThanOrEqual(requests);
    await expectInstalled();
  }

  const ranged = (
    answer: (request: SeenRequest, range: readonly [number, number]) => Response,
  ): void => onSegment((request) => (request.range ? answer(request, request.range) : undefined));

  test("416 is taken as 'no ranges'", async () => {
    ranged(() => new Response("", { status: 416 }));
    await expectWhole(2);
  });

  test("one that begins too late is taken as 'no ranges'", async () => {
    ranged((request, [start, end]) => registry.answer({ ...request, range: [start + 7, end] }));
    await expectWhole(2);
  });

  test("one that begins too early is cut", async () => {
    ranged((request, [start, end]) => registry.answer({ ...request, range: [start - 70, end] }));
    expect((await installIt()).fetchedBytes).toBe(3 * MIB);
    expect(registry.segmentRequests).toHaveLength(3);
    await expectInstalled();
  });

  test("one that is shorter is gone on with from its end", async () => {
    ranged((request, [start, end]) =>
      registry.answer({ ...request, range: [start, Math.min(end, start + 300_000)] }),
    );
    expect((await installIt()).fetchedBytes).toBe(3 * MIB);
    expect(ranges()).toHaveLength(3 * 4);
    await expectInstalled();
  });

  test("one whose Content-Range is hidden is believed to be right", async () => {
    ranged((request) => {
      const { body } = registry.answer(request);
      return new Response(body, { status: 206 });
    });
    expect((await installIt()).fetchedBytes).toBe(3 * MIB);
    expect(registry.segmentRequests).toHaveLength(3);
  });

  test.each(["bytes */14", "bytes 0-1/*", "nonsense"])(
    "a Content-Range of %j says nothing that is relied upon",
    async (contentRange) => {
      ranged((request, [start]) => {
        const isStart = contentRange.startsWith("bytes 0");
        const headers = {
          "Content-Range": isStart ? `bytes ${start}-${start}/7` : contentRange,
          "Content-Length": "3",
        };
        return registry.answer(request, { headers });
      });
      expect((await installIt()).fetchedBytes).toBe(3 * MIB);
      expect(registry.segmentRequests).toHaveLength(3);
      await expectInstalled();
    },
  );

  test("one of compressed bytes is taken as 'no ranges' at the first piece that is wrong", async () => {
    ranged((request, [start]) =>
      registry.answerWrongly(request, [start], { headers: { "Content-Encoding": "gzip" } }),
    );
    // Besides the first, one had begun by then.
    await expectWhole(3);
  });

  test("one of compressed bytes that are right is as good as any", async () => {
    ranged((request) => registry.answer(request, { headers: { "Content-Encoding": "br" } }));
    expect((await installIt()).fetchedBytes).toBe(3 * MIB);
    expect(registry.segmentRequests).toHaveLength(3);
  });

  test("one that the browser cannot even decode is taken as 'no ranges'", async () => {
    ranged((request) =>
      registry.answer(request, {
        cutAt: 0,
        cut: "breaks",
        headers: { "Content-Encoding": "gzip" },
      }),
    );
    await expectWhole(3);
  });

  test("where ranges break at once, four times in a row, it may be them", async () => {
    ranged((request) => registry.answer(request, { cutAt: 0, cut: "breaks" }));
    await expectWhole(5);
  });

  test("where no range was ever right, the whole segment is asked for before the host is given up", async () => {
    ranged((request, [start]) => registry.answerWrongly(request, [start]));
    await expectWhole(7);
  });
});

test("a segment that is compressed on its way comes as it is, whatever its Content-Length says", async () => {
  onSegment((request) => {
    const headers = { "Content-Encoding": "gzip", "Content-Length": "12" };
    return registry.answerWhole(request, { headers });
  });
  expect((await installIt()).fetchedBytes).toBe(pack.segment.byteLength);
  expect(registry.segmentRequests).toHaveLength(1);
  await expectInstalled();
});

describe("If-Range", () => {
  const own = { origin: new URL(REGISTRY).origin };
  const sent = () => registry.segmentRequests.map(({ headers }) => headers.get("if-range"));

  /** A host with these ETags, one for each request. */
  const tagged = (...etags: readonly string[]): void =>
    onSegment((request, number) =>
      registry.answer(request, { headers: { ETag: etags[number - 1] ?? etags.at(-1) ?? "" } }),
    );

  test("says which bytes the first answer was of, on the page's own origin", async () => {
    tagged('"one"');
    await installIt({ network: own });
    expect(sent()).toEqual([null, ...Array(sent().length - 1).fill('"one"')]);
    expect(sent().length).toBeGreaterThan(2);
  });

  test.each([
    ["across origins, where it would have to be asked for first", {}, '"one"'],
    ["of a weak ETag", own, 'W/"one"'],
    ["where there is no ETag", own, ""],
  ])("is not sent %s", async (_, network, etag) => {
    tagged(etag);
    await installIt({ network });
    expect(new Set(sent())).toEqual(new Set([null]));
  });

  test("is not sent where a redirect led to another origin", async () => {
    onSegment((request) => {
      const response = registry.answer(request, { headers: { ETag: '"one"' } });
      Object.defineProperty(response, "url", { value: "https://cdn.test/file" });
      return response;
    });
    await installIt({ network: own });
    expect(new Set(sent())).toEqual(new Set([null]));
  });

  test("answered with everything, as of a file that changed, is read as that", async () => {
    onSegment((request) =>
      request.headers.has("if-range")
        ? registry.answerWhole(request)
        : registry.answer(request, { headers: { ETag: '"one"' } }),
    );
    await installIt({ network: own });
    await expectInstalled();
  });

  test("is left out again after a request that failed: it may have been the reason", async () => {
    onSegment((request) => {
      if (request.headers.has("if-range")) throw new TypeError("preflight failed");
      return registry.answer(request, { headers: { ETag: '"one"' }, cutAt: 3.5 * MIB });
    });
    expect(await installIt({ network: own })).toBeDefined();
    await expectInstalled();
  });
});

test("a redirect is forgotten: the next request goes to the registry again", async () => {
  onSegment((request) => {
    const response = registry.answer(request);
    Object.defineProperties(response, {
      url: { value: "https://cdn.test/file" },
      redirected: { value: true },
    });
    return response;
  });
  await installIt();
  // Other addresses would have been cut off at another length, and not be found.
  expect(registry.segmentRequests.length).toBeGreaterThan(2);
  await expectInstalled();
});

describe("trying again", () => {
  test.each<[what: string, fail: () => Response]>([
    ["no connection", () => Response.error()],
    ["500", () => new Response("", { status: 500 })],
    ["429", () => new Response("", { status: 429 })],
    ["408", () => new Response("", { status: 408 })],
  ])("mends four times %s, of every document and of model bytes", async (_, fail) => {
    const failures = new Map<string, number>();
    registry.intercept = ({ path }) => {
      const before = failures.get(path) ?? 0;
      failures.set(path, before + 1);
      if (before >= 4) return undefined;
      const response = fail();
      if (response.type === "error") throw new TypeError("Failed to fetch");
      return response;
    };
    await installIt();
    expect(failures.size).toBe(3);
    await expectInstalled();
  });

  test("goes on for as long as something comes: a host that always breaks off is no reason to stop", async () => {
    onSegment((request) => registry.answer(request, { cutAt: 700_000, cut: "breaks" }));
    expect((await installIt()).fetchedBytes).toBe(pack.segment.byteLength);
    expect(registry.segmentRequests.length).toBeGreaterThan(12);
    const asked = ranges().map((range) => range?.[0] ?? 0);
    expect(new Set(asked).size).toBe(asked.length);
    await expectInstalled();
  });

  test("of a web page in place of bytes happens once", async () => {
    const page = () => new Response("<html>", { headers: { "content-type": "text/html" } });
    onSegment((request, number) => (number === 1 ? page() : registry.answer(request)));
    await installIt();
    onSegment(page);
    await losePieces(1);
    await expect(installIt()).rejects.toMatchObject({ code: "response-invalid" });
    expect(registry.segmentRequests).toHaveLength(2);
    registry.intercept = () => undefined;
    await installIt();
    await expectInstalled();
  });

  test.each(["tiny/channels.json", "tiny/1.0.0/manifest.json"])(
    "of a web page in place of %s, as of a captive portal, happens once, and says so",
    async (document) => {
      registry.intercept = ({ path }) =>
        path === document
          ? new Response("<html>", { headers: { "content-type": "text/html" } })
          : undefined;
      await expect(installIt()).rejects.toMatchObject({
        code: "response-invalid",
        message: expect.stringContaining("login"),
      });
      expect(registry.requests.filter(({ path }) => path === document)).toHaveLength(2);
    },
  );

  test("is left to the app where a host asks for more than a minute", async () => {
    onSegment(() => new Response("", { status: 503, headers: { "Retry-After": "3600" } }));
    await expect(installIt()).rejects.toMatchObject({
      code: "response-invalid",
      message: expect.stringContaining("in 3600 s"),
      detail: { status: 503, retryAfterMs: 3_600_000 },
    });
    expect(registry.segmentRequests).toHaveLength(1);
  });

  test("is no use offline: that is said at once", async () => {
    registry.intercept = () => {
      throw new TypeError("Failed to fetch");
    };
    await expect(installIt({ network: { isOnline: () => false } })).rejects.toMatchObject({
      code: "network",
      message: expect.stringContaining("the device is offline"),
    });
    expect(registry.requests).toHaveLength(1);
  });

  test("mends a host that falls silent, before its answer or in the middle of it", async () => {
    const never = () => new Promise<never>(() => undefined);
    onSegment((request, number) => {
      if (number === 1) return never();
      if (number === 2)
        return registry.answer(request, { onChunk: (sent) => (sent > MIB ? never() : undefined) });
      return registry.answer(request);
    });
    await installIt({ network: { stallMs: 200 } });
    await expectInstalled();
  });

  test("ends at once with an abort, for the reason of whoever gave up", async () => {
    const controller = new AbortController();
    onSegment(() => new Response("", { status: 503 }));
    const wait: Network["wait"] = (_ms, signal) =>
      new Promise((_, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason));
        controller.abort();
      });
    await expect(installIt({ signal: controller.signal, network: { wait } })).rejects.toMatchObject(
      { name: "AbortError" },
    );
    expect(registry.segmentRequests).toHaveLength(1);
  });

  test("mends a host that does all of it, in any order: what is stored is right", async () => {
    for (let seed = 1; seed <= 4; seed++) {
      database = await freshDatabase();
      registry.requests.length = 0;
      let state = seed * 2654435761;
      const draw = (below: number) => {
        state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
        return state % below;
      };
      onSegment((request) => {
        const start = request.range?.[0] ?? 0;
        switch (draw(9)) {
          case 0:
            return new Response("", { status: 503 });
          case 1:
            return registry.answer(request, { cutAt: draw(3 * MIB), cut: "breaks" });
          case 2:
            return registry.answer(request, { cutAt: draw(3 * MIB), cut: "closes" });
          case 3:
            return registry.answerWhole(request, { cutAt: draw(6 * MIB) });
          case 4:
            return registry.answerWrongly(request, [start + draw(2 * MIB)]);
          default:
            return registry.answer(request);
        }
      });
      // A piece that is wrong twice is `integrity`, and may be by chance: what is kept is right.
      for (let visit = 0; visit < 20; visit++)
        if (
          await installIt().then(
            () => true,
            () => false,
          )
        )
          break;
      await expectInstalled();
    }
  });
});

test("of what has come, no more than 8 MiB are ever outside the store", async () => {
  let sentBytes = 0;
  let storedBytes = 0;
  let most = 0;
  const put = IDBObjectStore.prototype.put;
  vi.spyOn(IDBObjectStore.prototype, "put").mockImplementation(function (
    this: IDBObjectStore,
    value,
    key,
  ) {
    const request = put.call(this, value, key);
    // Once they are stored they are freed, and come to nothing.
    const bytes = value instanceof ArrayBuffer ? value.byteLength : 0;
    this.transaction.addEventListener("complete", () => {
      storedBytes += bytes;
    });
    return request;
  });
  pack = await buildPack({ tensors: [pattern(24 * MIB, 7)] });
  registry.publish(pack);
  onSegment((request) => {
    let counted = 0;
    return registry.answer(request, {
      onChunk: (sent) => {
        sentBytes += sent - counted;
        counted = sent;
        most = Math.max(most, sentBytes - storedBytes);
      },
    });
  });
  await installIt();
  vi.restoreAllMocks();
  expect(most).toBeGreaterThan(2 * MIB);
  expect(most).toBeLessThanOrEqual(8 * MIB);
  await expectInstalled();
});

describe("a metered connection", () => {
  const metered = { isMetered: () => true };

  test.each([
    ["allow", "load", true],
    ["allow", "update", true],
    ["foreground", "load", true],
    ["foreground", "update", false],
    ["never", "load", false],
    ["never", "update", false],
  ] as const)("with %s, for a %s: %s", async (meteredDownloads, purpose, isAllowed) => {
    const network = { ...metered, meteredDownloads };
    const installed = await installIt({ network, purpose }).catch((error: unknown) => error);
    if (isAllowed) return expect(installed).toMatchObject({ digest: pack.digest });
    expect(installed).toMatchObject({
      code: "metered",
      message: expect.stringContaining(`${pack.segment.byteLength} bytes`),
      detail: { bytes: pack.segment.byteLength, purpose },
    });
    expect(registry.segmentRequests).toEqual([]);
  });

  test("does not matter where nothing has to be fetched", async () => {
    await installIt();
    const network = { ...metered, meteredDownloads: "never" } as const;
    expect(await installIt({ network })).toMatchObject({ fetchedBytes: 0 });
  });
});

test("an empty blob takes no request, and is checked as any other", async () => {
  pack = await buildPack({ tensors: [new Uint8Array(), pattern(100, 3)] });
  registry.publish(pack);
  await installIt();
  expect(registry.segmentRequests).toHaveLength(1);
  const [, empty] = needs();
  const stored = await database.use("looking", (connection) =>
    connection.get("pieces", [empty?.sha256 ?? "", 0]),
  );
  expect(stored && (await sha256(stored))).toBe(empty?.sha256);
});

test("pieces are asked for where they lie", async () => {
  await installIt();
  await losePieces(2, 3, 7);
  await installIt();
  expect(ranges()).toEqual([[rangeOf(2)[0], rangeOf(3)[1]], rangeOf(7)]);
});

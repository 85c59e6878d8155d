import { sha256 } from "@selvedge/protocol";
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { type BuiltPack, buildPack } from "../store/pack.fixture.ts";
import { buildLargePack, MIB, PackDelivery, pattern } from "./pack-delivery.fixture.ts";
import type { FakeRegistry, SeenRequest } from "./registry.fixture.ts";

let large: BuiltPack;
let delivery: PackDelivery;
let registry: FakeRegistry;

beforeAll(async () => {
  large = await buildLargePack();
});

beforeEach(async () => {
  delivery = await PackDelivery.of(large);
  registry = delivery.registry;
});

afterEach(() => {
  vi.unstubAllGlobals();
});

describe("a host without Range", () => {
  test("is asked once for a segment, whatever gaps there are between what is wanted", async () => {
    await delivery.install();
    await delivery.losePieces(1, 3, 4, 8);
    delivery.onSegment((request) => registry.answerWhole(request));
    expect((await delivery.install()).fetchedBytes).toBe(4 * MIB);
    expect(registry.segmentRequests).toHaveLength(1);
    await delivery.expectInstalled();
  });

  test("is asked once, too, where everything is wanted", async () => {
    delivery.onSegment((request) => registry.answerWhole(request));
    await delivery.install();
    expect(registry.segmentRequests).toHaveLength(1);
    await delivery.expectInstalled();
  });

  test("that breaks off is asked again for everything, and only what is missing is taken", async () => {
    delivery.onSegment((request, number) =>
      registry.answerWhole(request, number === 1 ? { cutAt: 3.5 * MIB, cut: "breaks" } : {}),
    );
    expect((await delivery.install()).fetchedBytes).toBe(delivery.pack.segment.byteLength);
    expect(delivery.ranges()).toEqual([[0, expect.any(Number)], undefined]);
    await delivery.expectInstalled();
  });
});

describe("ranges that are not what was asked for:", () => {
  beforeEach(async () => {
    await delivery.install();
    await delivery.losePieces(1, 4, 7);
  });

  /** The gaps were filled after so many requests at most, the last of them for the whole segment. */
  async function expectWhole(requests: number): Promise<void> {
    expect((await delivery.install()).fetchedBytes).toBe(3 * MIB);
    expect(delivery.ranges().at(-1)).toBeUndefined();
    expect(registry.segmentRequests.length).toBeLessThanOrEqual(requests);
    await delivery.expectInstalled();
  }

  const ranged = (
    answer: (request: SeenRequest, range: readonly [number, number]) => Response,
  ): void =>
    delivery.onSegment((request) => (request.range ? answer(request, request.range) : undefined));

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
    expect((await delivery.install()).fetchedBytes).toBe(3 * MIB);
    expect(registry.segmentRequests).toHaveLength(3);
    await delivery.expectInstalled();
  });

  test("one that is shorter is gone on with from its end", async () => {
    ranged((request, [start, end]) =>
      registry.answer({ ...request, range: [start, Math.min(end, start + 300_000)] }),
    );
    expect((await delivery.install()).fetchedBytes).toBe(3 * MIB);
    expect(delivery.ranges()).toHaveLength(3 * 4);
    await delivery.expectInstalled();
  });

  test("one whose Content-Range is hidden is believed to be right", async () => {
    ranged((request) => {
      const { body } = registry.answer(request);
      return new Response(body, { status: 206 });
    });
    expect((await delivery.install()).fetchedBytes).toBe(3 * MIB);
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
      expect((await delivery.install()).fetchedBytes).toBe(3 * MIB);
      expect(registry.segmentRequests).toHaveLength(3);
      await delivery.expectInstalled();
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
    expect((await delivery.install()).fetchedBytes).toBe(3 * MIB);
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
  delivery.onSegment((request) => {
    const headers = { "Content-Encoding": "gzip", "Content-Length": "12" };
    return registry.answerWhole(request, { headers });
  });
  expect((await delivery.install()).fetchedBytes).toBe(delivery.pack.segment.byteLength);
  expect(registry.segmentRequests).toHaveLength(1);
  await delivery.expectInstalled();
});

test("a redirect is forgotten: the next request goes to the registry again", async () => {
  delivery.onSegment((request) => {
    const response = registry.answer(request);
    Object.defineProperties(response, {
      url: { value: "https://cdn.test/file" },
      redirected: { value: true },
    });
    return response;
  });
  await delivery.install();
  // Other addresses would have been cut off at another length, and not be found.
  expect(registry.segmentRequests.length).toBeGreaterThan(2);
  await delivery.expectInstalled();
});

test("an empty blob takes no request, and is checked as any other", async () => {
  delivery.publish(await buildPack({ tensors: [new Uint8Array(), pattern(100, 3)] }));
  await delivery.install();
  expect(registry.segmentRequests).toHaveLength(1);
  const [, empty] = delivery.needs();
  const stored = await delivery.database.use("looking", (connection) =>
    connection.get("pieces", [empty?.sha256 ?? "", 0]),
  );
  expect(stored && (await sha256(stored))).toBe(empty?.sha256);
});

test("pieces are asked for where they lie", async () => {
  await delivery.install();
  await delivery.losePieces(2, 3, 7);
  await delivery.install();
  expect(delivery.ranges()).toEqual([
    [delivery.rangeOf(2)[0], delivery.rangeOf(3)[1]],
    delivery.rangeOf(7),
  ]);
});

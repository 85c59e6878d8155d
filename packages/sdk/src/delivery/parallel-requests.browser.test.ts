import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { eventually } from "../eventually.fixture.ts";
import { type BuiltPack, buildPack } from "../store/pack.fixture.ts";
import type { Network } from "./network.ts";
import { buildLargePack, MIB, PackDelivery, pattern } from "./pack-delivery.fixture.ts";
import type { FakeRegistry } from "./registry.fixture.ts";

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

describe("several requests at once", () => {
  test("begin when the first has been answered; together they ask for every byte once", async () => {
    let answerFirst = () => {};
    const first = new Promise<void>((resolve) => {
      answerFirst = resolve;
    });
    let underWay = 0;
    let most = 0;
    delivery.onSegment(async (request, number) => {
      if (number === 1) await first;
      underWay += 1;
      most = Math.max(most, underWay);
      const size = (request.range?.[1] ?? 0) - (request.range?.[0] ?? 0);
      const onChunk = (sent: number) => {
        if (sent >= size - 100_003) underWay -= sent > 0 && sent + 100_003 >= size ? 1 : 0;
      };
      return registry.answer(request, { onChunk });
    });
    const installing = delivery.install();
    await eventually(() => expect(registry.segmentRequests).toHaveLength(1));
    await new Promise((resolve) => setTimeout(resolve));
    expect(registry.segmentRequests).toHaveLength(1);
    answerFirst();
    const { fetchedBytes } = await installing;
    expect(fetchedBytes).toBe(delivery.pack.segment.byteLength);
    expect(most).toBeGreaterThan(1);
    const asked = delivery.ranges().map((range) => range ?? [0, 0]);
    asked.sort(([a], [b]) => a - b);
    expect(asked.map(([start]) => start)).toEqual([0, ...asked.slice(0, -1).map(([, end]) => end)]);
    expect(asked.at(-1)?.[1]).toBe(delivery.pack.segment.byteLength);
    await delivery.expectInstalled();
  });

  test("leave Chromium's cache out, which would have them wait for each other", async () => {
    await delivery.install();
    const [first, ...others] = registry.segmentRequests.map(({ cache }) => cache);
    expect(first).toBe("default");
    expect(new Set(others)).toEqual(new Set(["no-store"]));
  });

  test.each([429, 503])("wait together after a %d: no request begins meanwhile", async (status) => {
    const waits: { ms: number; before: number; after: number }[] = [];
    delivery.onSegment((request, number) =>
      number === 2
        ? new Response("", { status, headers: { "Retry-After": "3" } })
        : registry.answer(request),
    );
    const wait: Network["wait"] = async (ms) => {
      const before = registry.segmentRequests.length;
      await new Promise((resolve) => setTimeout(resolve, 30));
      waits.push({ ms, before, after: registry.segmentRequests.length });
    };
    await delivery.install({ network: { wait, random: () => 0 } });
    expect(waits).toEqual([{ ms: 3000, before: 2, after: 2 }]);
    await delivery.expectInstalled();
  });

  test("end together: when one fails for good, none goes on, and what came is kept", async () => {
    const signals: AbortSignal[] = [];
    delivery.onSegment((request, number) => {
      if (request.signal !== undefined) signals.push(request.signal);
      return number === 3 ? new Response("", { status: 403 }) : registry.answer(request);
    });
    await expect(delivery.install()).rejects.toMatchObject({ detail: { status: 403 } });
    const asked = registry.segmentRequests.length;
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(registry.segmentRequests).toHaveLength(asked);
    expect(signals.filter(({ aborted }) => aborted).length).toBeGreaterThan(0);
    registry.intercept = () => undefined;
    expect((await delivery.install()).fetchedBytes).toBeLessThan(delivery.pack.segment.byteLength);
    await delivery.expectInstalled();
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
  delivery.publish(await buildPack({ tensors: [pattern(24 * MIB, 7)] }));
  delivery.onSegment((request) => {
    let counted = 0;
    return registry.answer(request, {
      onChunk: (sent) => {
        sentBytes += sent - counted;
        counted = sent;
        most = Math.max(most, sentBytes - storedBytes);
      },
    });
  });
  await delivery.install();
  vi.restoreAllMocks();
  expect(most).toBeGreaterThan(2 * MIB);
  expect(most).toBeLessThanOrEqual(8 * MIB);
  await delivery.expectInstalled();
});

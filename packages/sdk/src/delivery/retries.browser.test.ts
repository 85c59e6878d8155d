import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import type { BuiltPack } from "../store/pack.fixture.ts";
import type { Network } from "./network.ts";
import { buildLargePack, MIB, PackDelivery } from "./pack-delivery.fixture.ts";
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
    await delivery.install();
    expect(failures.size).toBe(3);
    await delivery.expectInstalled();
  });

  test("goes on for as long as something comes: a host that always breaks off is no reason to stop", async () => {
    delivery.onSegment((request) => registry.answer(request, { cutAt: 700_000, cut: "breaks" }));
    expect((await delivery.install()).fetchedBytes).toBe(delivery.pack.segment.byteLength);
    expect(registry.segmentRequests.length).toBeGreaterThan(12);
    const asked = delivery.ranges().map((range) => range?.[0] ?? 0);
    expect(new Set(asked).size).toBe(asked.length);
    await delivery.expectInstalled();
  });

  test("of a web page in place of bytes happens once", async () => {
    const page = () => new Response("<html>", { headers: { "content-type": "text/html" } });
    delivery.onSegment((request, number) => (number === 1 ? page() : registry.answer(request)));
    await delivery.install();
    delivery.onSegment(page);
    await delivery.losePieces(1);
    await expect(delivery.install()).rejects.toMatchObject({ code: "response-invalid" });
    expect(registry.segmentRequests).toHaveLength(2);
    registry.intercept = () => undefined;
    await delivery.install();
    await delivery.expectInstalled();
  });

  test.each(["tiny/channels.json", "tiny/1.0.0/manifest.json"])(
    "of a web page in place of %s, as of a captive portal, happens once, and says so",
    async (document) => {
      registry.intercept = ({ path }) =>
        path === document
          ? new Response("<html>", { headers: { "content-type": "text/html" } })
          : undefined;
      await expect(delivery.install()).rejects.toMatchObject({
        code: "response-invalid",
        message: expect.stringContaining("login"),
      });
      expect(registry.requests.filter(({ path }) => path === document)).toHaveLength(2);
    },
  );

  test("is left to the app where a host asks for more than a minute", async () => {
    delivery.onSegment(() => new Response("", { status: 503, headers: { "Retry-After": "3600" } }));
    await expect(delivery.install()).rejects.toMatchObject({
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
    await expect(delivery.install({ network: { isOnline: () => false } })).rejects.toMatchObject({
      code: "network",
      message: expect.stringContaining("the device is offline"),
    });
    expect(registry.requests).toHaveLength(1);
  });

  test("mends a host that falls silent, before its answer or in the middle of it", async () => {
    const never = () => new Promise<never>(() => undefined);
    delivery.onSegment((request, number) => {
      if (number === 1) return never();
      if (number === 2)
        return registry.answer(request, { onChunk: (sent) => (sent > MIB ? never() : undefined) });
      return registry.answer(request);
    });
    await delivery.install({ network: { stallMs: 200 } });
    await delivery.expectInstalled();
  });

  test("ends at once with an abort, for the reason of whoever gave up", async () => {
    const controller = new AbortController();
    delivery.onSegment(() => new Response("", { status: 503 }));
    const wait: Network["wait"] = (_ms, signal) =>
      new Promise((_, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason));
        controller.abort();
      });
    await expect(
      delivery.install({ signal: controller.signal, network: { wait } }),
    ).rejects.toMatchObject({ name: "AbortError" });
    expect(registry.segmentRequests).toHaveLength(1);
  });

  test("mends a host that does all of it, in any order: what is stored is right", async () => {
    for (let seed = 1; seed <= 4; seed++) {
      await delivery.startOver();
      let state = seed * 2654435761;
      const draw = (below: number) => {
        state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
        return state % below;
      };
      delivery.onSegment((request) => {
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
          await delivery.install().then(
            () => true,
            () => false,
          )
        )
          break;
      await delivery.expectInstalled();
    }
  });
});

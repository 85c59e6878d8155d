import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import type { BuiltPack } from "../store/pack.fixture.ts";
import { buildLargePack, MIB, PackDelivery } from "./pack-delivery.fixture.ts";
import { type FakeRegistry, REGISTRY } from "./registry.fixture.ts";

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

describe("If-Range", () => {
  const own = { origin: new URL(REGISTRY).origin };
  const sent = () => registry.segmentRequests.map(({ headers }) => headers.get("if-range"));

  /** A host with these ETags, one for each request. */
  const tagged = (...etags: readonly string[]): void =>
    delivery.onSegment((request, number) =>
      registry.answer(request, { headers: { ETag: etags[number - 1] ?? etags.at(-1) ?? "" } }),
    );

  test("says which bytes the first answer was of, on the page's own origin", async () => {
    tagged('"one"');
    await delivery.install({ network: own });
    expect(sent()).toEqual([null, ...Array(sent().length - 1).fill('"one"')]);
    expect(sent().length).toBeGreaterThan(2);
  });

  test.each([
    ["across origins, where it would have to be asked for first", {}, '"one"'],
    ["of a weak ETag", own, 'W/"one"'],
    ["where there is no ETag", own, ""],
  ])("is not sent %s", async (_, network, etag) => {
    tagged(etag);
    await delivery.install({ network });
    expect(new Set(sent())).toEqual(new Set([null]));
  });

  test("is not sent where a redirect led to another origin", async () => {
    delivery.onSegment((request) => {
      const response = registry.answer(request, { headers: { ETag: '"one"' } });
      Object.defineProperty(response, "url", { value: "https://cdn.test/file" });
      return response;
    });
    await delivery.install({ network: own });
    expect(new Set(sent())).toEqual(new Set([null]));
  });

  test("answered with everything, as of a file that changed, is read as that", async () => {
    delivery.onSegment((request) =>
      request.headers.has("if-range")
        ? registry.answerWhole(request)
        : registry.answer(request, { headers: { ETag: '"one"' } }),
    );
    await delivery.install({ network: own });
    await delivery.expectInstalled();
  });

  test("is left out again after a request that failed: it may have been the reason", async () => {
    delivery.onSegment((request) => {
      if (request.headers.has("if-range")) throw new TypeError("preflight failed");
      return registry.answer(request, { headers: { ETag: '"one"' }, cutAt: 3.5 * MIB });
    });
    expect(await delivery.install({ network: own })).toBeDefined();
    await delivery.expectInstalled();
  });
});

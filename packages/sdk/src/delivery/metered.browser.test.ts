import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import type { BuiltPack } from "../store/pack.fixture.ts";
import { buildLargePack, PackDelivery } from "./pack-delivery.fixture.ts";
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
    const installed = await delivery.install({ network, purpose }).catch((error: unknown) => error);
    if (isAllowed) return expect(installed).toMatchObject({ digest: delivery.pack.digest });
    expect(installed).toMatchObject({
      code: "metered",
      message: expect.stringContaining(`${delivery.pack.segment.byteLength} bytes`),
      detail: { bytes: delivery.pack.segment.byteLength, purpose },
    });
    expect(registry.segmentRequests).toEqual([]);
  });

  test("does not matter where nothing has to be fetched", async () => {
    await delivery.install();
    const network = { ...metered, meteredDownloads: "never" } as const;
    expect(await delivery.install({ network })).toMatchObject({ fetchedBytes: 0 });
  });
});

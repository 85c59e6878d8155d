import {
  channelsPath,
  keyId,
  type PrivateJwk,
  publicHalf,
  signaturePath,
} from "@selvedge/protocol";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { FakeRegistry } from "../delivery/registry.fixture.ts";
import type { PublicKeys } from "../public-keys.ts";
import type { BuiltPack } from "../store/pack.fixture.ts";
import { promotePack } from "./signed-registry.fixture.ts";
import { refusal, TrustingDevice } from "./trusting-device.fixture.ts";

const CHANNELS = channelsPath("tiny");
const SIGNATURE = signaturePath("tiny", "1.0.0");

let device: TrustingDevice;
let registry: FakeRegistry;
let pack: BuiltPack;
let next: BuiltPack;
let packKey: PrivateJwk;
let channelKey: PrivateJwk;
let otherKey: PrivateJwk;

beforeEach(async () => {
  device = await TrustingDevice.make();
  ({ registry, pack, next, packKey, channelKey, otherKey } = device);
});

afterEach(() => {
  vi.unstubAllGlobals();
});

describe("what was stored for other pages", () => {
  test("without keys does not serve one with keys, and is not fetched again by it", async () => {
    await device.loadWithoutKeys();
    const { load, active } = await device.keeper();
    expect(await active()).toBeUndefined();
    registry.requests.length = 0;
    expect((await load()).fetchedBytes).toBe(0);
    expect(device.paths()).toEqual([CHANNELS, SIGNATURE]);
    // A page without keys takes no signature away.
    await device.loadWithoutKeys();
    registry.requests.length = 0;
    await load();
    expect(device.paths()).toEqual([CHANNELS]);
  });

  test("serves under new keys that have signed it too, offline", async () => {
    await (await device.keeper()).load();
    device.goOffline();
    const more = await device.keeper({
      ...device.roles(),
      pack: [publicHalf(otherKey), publicHalf(packKey)],
    });
    expect(await more.active()).toBeUndefined();
    expect((await more.load()).digest).toBe(pack.digest);
    expect(await more.active()).toBe(pack.digest);
    expect(await more.signedBy(pack.digest)).toEqual([await keyId(packKey)]);
  });

  test("serves under new keys though a newer one was promoted and never fetched", async () => {
    const first = await device.keeper();
    await first.load();
    await promotePack(registry, next, channelKey, { sequence: 2 });
    registry.intercept = ({ path }) =>
      path.includes("/segments/") ? new Response("", { status: 503 }) : undefined;
    await refusal(first.load());
    device.goOffline();
    const more = await device.keeper({
      ...device.roles(),
      pack: [publicHalf(otherKey), publicHalf(packKey)],
    });
    expect((await more.load()).digest).toBe(pack.digest);
  });

  test.each<[what: string, keys: () => PublicKeys]>([
    ["the pack", () => ({ ...device.roles(), pack: [publicHalf(otherKey)] })],
    ["its channel", () => ({ ...device.roles(), channel: [publicHalf(otherKey)] })],
  ])("does not serve under keys that have not signed %s", async (_, keys) => {
    await (await device.keeper()).load();
    device.goOffline();
    const strict = await device.keeper(keys());
    expect(await refusal(strict.load())).toMatchObject({ code: "network" });
    expect(await strict.active()).toBeUndefined();
  });

  test("serves by version, under new keys that have signed it too", async () => {
    await (await device.keeper()).load({ version: "1.0.0" });
    device.goOffline();
    const more = await device.keeper([publicHalf(packKey)]);
    expect((await more.load({ version: "1.0.0" })).digest).toBe(pack.digest);
    expect(await refusal(more.load())).toMatchObject({ code: "network" });
  });

  test("without a signature does not serve a page with keys offline", async () => {
    await device.loadWithoutKeys();
    device.goOffline();
    expect(await refusal((await device.keeper()).load())).toMatchObject({ code: "network" });
  });
});

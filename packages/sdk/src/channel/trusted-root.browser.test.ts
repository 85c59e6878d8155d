import { channelsPath, type PrivateJwk, ROOT_PATH } from "@selvedge/protocol";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { FakeRegistry } from "../delivery/registry.fixture.ts";
import type { BuiltPack } from "../store/pack.fixture.ts";
import {
  handOut,
  newKey,
  promotePack,
  type RootContent,
  rootText,
  signPack,
} from "./signed-registry.fixture.ts";
import { DAY_MS, refusal, TrustingDevice } from "./trusting-device.fixture.ts";

const CHANNELS = channelsPath("tiny");

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
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe("a root document", () => {
  let rootKey: PrivateJwk;
  let shipped: string;

  const content = (version: number, change: Partial<RootContent> = {}): RootContent => ({
    version,
    root: rootKey,
    pack: [packKey],
    channel: [channelKey],
    ...change,
  });

  beforeEach(async () => {
    rootKey = await newKey();
    shipped = await rootText(content(1));
  });

  test("says which keys may sign, as its text or as an object", async () => {
    const asText = await device.keeper({ root: shipped });
    expect((await asText.load()).digest).toBe(pack.digest);
    expect(device.paths()).toContain(ROOT_PATH);
    device.goOffline();
    const asObject = await device.keeper({ root: JSON.parse(shipped) });
    expect((await asObject.load()).digest).toBe(pack.digest);
  });

  test("is asked for once a session, in the round of the channels, and again after a day", async () => {
    const { load } = await device.keeper({ root: shipped });
    const asked = () => registry.requests.filter(({ path }) => path === ROOT_PATH);
    await load();
    expect(device.paths().slice(0, 2).sort()).toEqual([ROOT_PATH, CHANNELS].sort());
    await load();
    expect(asked().map(({ cache }) => cache)).toEqual(["no-cache"]);
    vi.useFakeTimers({ now: Date.now() + 2 * DAY_MS, toFake: ["Date"] });
    await load();
    expect(asked()).toHaveLength(2);
  });

  test.each<[what: string, answer: () => Response]>([
    ["an error", () => new Response("", { status: 503 })],
    ["a web page", () => new Response("<html>", { headers: { "content-type": "text/html" } })],
    [
      "nothing",
      () => {
        throw new TypeError("connection refused");
      },
    ],
  ])(
    "for which the registry answers %s changes nothing, and is asked for again",
    async (_, answer) => {
      registry.intercept = ({ path }) => (path === ROOT_PATH ? answer() : undefined);
      const { load } = await device.keeper({ root: shipped });
      expect((await load()).digest).toBe(pack.digest);
      registry.intercept = () => undefined;
      handOut(registry, await rootText(content(2, { pack: [otherKey] })));
      await promotePack(registry, next, channelKey, { sequence: 2 });
      expect(await refusal(load())).toMatchObject({ code: "signature-invalid" });
    },
  );

  test("that does not follow is asked for again: it may have been mended", async () => {
    handOut(registry, "<html>");
    const { load } = await device.keeper({ root: shipped });
    expect(await refusal(load())).toMatchObject({ code: "root-invalid" });
    handOut(registry, await rootText(content(2)));
    expect((await load()).digest).toBe(pack.digest);
  });

  test("of the registry adds keys and takes others away", async () => {
    await (await device.keeper({ root: shipped })).load();
    handOut(registry, await rootText(content(2, { pack: [otherKey] })));
    await promotePack(registry, next, channelKey, { sequence: 2 });
    const dropped = await device.keeper({ root: shipped });
    expect(await refusal(dropped.load())).toMatchObject({ code: "signature-invalid" });
    expect(await dropped.active()).toBe(pack.digest);
    await signPack(registry, next, otherKey);
    expect((await dropped.load()).digest).toBe(next.digest);
    // What was learnt is remembered: a host that takes it back cannot bring the old key back.
    registry.files.delete(ROOT_PATH);
    await signPack(registry, pack, packKey);
    await promotePack(registry, pack, channelKey, { sequence: 3 });
    const later = await device.keeper({ root: shipped });
    expect(await refusal(later.load())).toMatchObject({ code: "signature-invalid" });
  });

  test("is followed through every hand-over of the root key", async () => {
    const [second, third] = [await newKey(), await newKey()];
    handOut(registry, await rootText(content(2, { root: second }), rootKey), 2);
    handOut(registry, await rootText(content(4, { root: third }), second), 4);
    handOut(registry, await rootText(content(5, { root: third, pack: [otherKey] })));
    await signPack(registry, pack, otherKey);
    const { load } = await device.keeper({ root: shipped });
    expect((await load()).digest).toBe(pack.digest);
    registry.requests.length = 0;
    await (await device.keeper({ root: shipped })).load();
    expect(device.paths().sort()).toEqual([ROOT_PATH, CHANNELS].sort());
  });

  test.each<[what: string, code: string, publish: () => Promise<void>]>([
    [
      "somebody else's",
      "signature-invalid",
      async () => handOut(registry, await rootText(content(2, { root: otherKey }))),
    ],
    [
      "one whose hand-over is missing",
      "signature-invalid",
      async () => {
        const second = await newKey();
        handOut(registry, await rootText(content(3, { root: second })));
      },
    ],
    [
      "one a thousand versions away",
      "root-invalid",
      async () => handOut(registry, await rootText(content(1000, { root: otherKey }))),
    ],
    ["a web page", "root-invalid", async () => handOut(registry, "<html>")],
  ])("that is %s is refused, and what serves goes on serving", async (_, code, publish) => {
    await (await device.keeper({ root: shipped })).load();
    await promotePack(registry, next, channelKey, { sequence: 2 });
    await publish();
    const { load, active } = await device.keeper({ root: shipped });
    expect(await refusal(load())).toMatchObject({ code });
    expect(await active()).toBe(pack.digest);
    registry.files.delete(ROOT_PATH);
    expect((await (await device.keeper({ root: shipped })).load()).digest).toBe(next.digest);
  });

  test("that is older than the one a page was shipped with is not looked at", async () => {
    handOut(registry, shipped);
    const newer = await rootText(content(2, { pack: [otherKey] }));
    expect(await refusal((await device.keeper({ root: newer })).load())).toMatchObject({
      code: "signature-invalid",
    });
    await signPack(registry, pack, otherKey);
    expect((await (await device.keeper({ root: newer })).load()).digest).toBe(pack.digest);
  });

  test("that a page was shipped with and has expired is refused, and stored packs still serve", async () => {
    const old = await rootText(content(1, { expires: "2020-01-01T00:00:00Z" }));
    const { load } = await device.keeper({ root: old });
    expect(await refusal(load())).toMatchObject({ code: "root-invalid" });
    await (await device.keeper({ root: shipped })).load();
    device.goOffline();
    expect((await load()).digest).toBe(pack.digest);
  });

  test("of the registry that has expired is refused, and the one before it is not believed again", async () => {
    await (await device.keeper({ root: shipped })).load();
    await promotePack(registry, next, channelKey, { sequence: 2 });
    handOut(registry, await rootText(content(2, { expires: "2020-01-01T00:00:00Z" })));
    const { load, active } = await device.keeper({ root: shipped });
    expect(await refusal(load())).toMatchObject({
      code: "root-invalid",
      message: expect.stringContaining("expired on 2020-01-01T00:00:00Z"),
    });
    registry.files.delete(ROOT_PATH);
    const later = await device.keeper({ root: shipped });
    expect(await refusal(later.load())).toMatchObject({ code: "root-invalid" });
    expect(await active()).toBe(pack.digest);
    handOut(registry, await rootText(content(3)));
    expect((await (await device.keeper({ root: shipped })).load()).digest).toBe(next.digest);
  });

  test("that was renewed at the registry takes the place of one that has expired", async () => {
    const old = await rootText(content(1, { expires: "2020-01-01T00:00:00Z" }));
    handOut(registry, await rootText(content(2)));
    expect((await (await device.keeper({ root: old })).load()).digest).toBe(pack.digest);
  });
});

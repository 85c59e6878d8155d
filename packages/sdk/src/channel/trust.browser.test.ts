import {
  channelsPath,
  keyId,
  manifestPath,
  type PrivateJwk,
  publicHalf,
  ROOT_PATH,
  signaturePath,
} from "@selvedge/protocol";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { FakeRegistry } from "../delivery/registry.fixture.ts";
import type { PublicKeys } from "../public-keys.ts";
import type { BuiltPack } from "../store/pack.fixture.ts";
import { promotePack } from "./signed-registry.fixture.ts";
import { DAY_MS, refusal, TrustingDevice } from "./trusting-device.fixture.ts";

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
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test("what is signed as it should be is installed, and who signed is kept", async () => {
  const { load, signedBy, availability } = await device.keeper();
  expect(await availability()).toMatchObject({ state: "downloadable" });
  expect((await load()).digest).toBe(pack.digest);
  expect(await signedBy(pack.digest)).toEqual([await keyId(packKey)]);
  expect(await availability()).toMatchObject({ state: "available" });
});

test("a list of keys may sign packs and channels both", async () => {
  const keys = [publicHalf(channelKey), publicHalf(packKey)];
  expect((await (await device.keeper(keys)).load()).digest).toBe(pack.digest);
});

test("a signature that is stored is not asked for again", async () => {
  await (await device.keeper()).load();
  registry.requests.length = 0;
  await (await device.keeper()).load();
  expect(device.paths()).toEqual([CHANNELS]);
});

test("a version by name needs the signature of the pack alone", async () => {
  registry.publish(pack);
  const { load } = await device.keeper();
  expect((await load({ version: "1.0.0" })).digest).toBe(pack.digest);
  expect(device.paths()).not.toContain(CHANNELS);
  registry.files.delete(signaturePath("tiny", "2.0.0"));
  expect(await refusal(load({ version: "2.0.0" }))).toMatchObject({ code: "signature-invalid" });
});

test.each<[what: string, code: string, promote: () => Promise<void>]>([
  [
    "an older document",
    "document-rolled-back",
    () => promotePack(registry, pack, channelKey, { sequence: 2 }),
  ],
  [
    "another of the same sequence",
    "document-conflicting",
    () => promotePack(registry, pack, channelKey, { sequence: 3 }),
  ],
])("%s than was seen is refused, in this session and the next", async (_, code, promote) => {
  await promotePack(registry, next, channelKey, { sequence: 3 });
  const first = await device.keeper();
  await first.load();
  await promote();
  for (const { load, active } of [first, await device.keeper()]) {
    expect(await refusal(load())).toMatchObject({ code });
    expect(await active()).toBe(next.digest);
  }
  await promotePack(registry, pack, channelKey, { sequence: 4 });
  expect((await first.load()).digest).toBe(pack.digest);
});

test("a document that is signed anew without a change is no other one", async () => {
  await (await device.keeper()).load();
  vi.useFakeTimers({ now: Date.now(), toFake: ["Date"] });
  const issued = new Date().toISOString();
  await promotePack(registry, pack, channelKey, { sequence: 2, issued });
  await (await device.keeper()).load();
  await promotePack(registry, pack, channelKey, { sequence: 2, issued });
  expect((await (await device.keeper()).load()).digest).toBe(pack.digest);
});

test("what was seen counts under other keys too, as long as they have signed it", async () => {
  await promotePack(registry, next, channelKey, { sequence: 3 });
  await (await device.keeper()).load();
  await promotePack(registry, pack, channelKey, { sequence: 2 });
  const both = await device.keeper({
    ...device.roles(),
    pack: [publicHalf(packKey), publicHalf(otherKey)],
  });
  expect(await refusal(both.load())).toMatchObject({ code: "document-rolled-back" });
  // Whoever had the key that was replaced may have run the sequence up.
  await promotePack(registry, pack, otherKey, { sequence: 1 });
  const replaced = await device.keeper({ ...device.roles(), channel: [publicHalf(otherKey)] });
  expect((await replaced.load()).digest).toBe(pack.digest);
});

describe("a clock", () => {
  test("may be off by less than a day", async () => {
    const issued = new Date(Date.now() + DAY_MS - 60_000).toISOString();
    await promotePack(registry, pack, channelKey, { issued });
    expect((await (await device.keeper()).load()).digest).toBe(pack.digest);
  });

  test("that is not the host's is told of, and changes nothing", async () => {
    const now = Date.now();
    vi.useFakeTimers({ now: now + 1000 * DAY_MS, toFake: ["Date"] });
    registry.intercept = (request) => {
      const answer = registry.answer(request);
      return new Response(answer.body, {
        status: answer.status,
        headers: { date: new Date(now).toUTCString() },
      });
    };
    const { code, message } = await refusal((await device.keeper()).load());
    expect(code).toBe("document-expired");
    expect(message).toContain(`The host's clock says ${new Date(now).toISOString().slice(0, 10)}`);
  });
});

describe("keys that are none", () => {
  test.each<[what: string, code: string, keys: () => PublicKeys]>([
    ["numbers", "key-invalid", () => [{ kty: "EC" }]],
    ["a private key", "key-invalid", () => [packKey]],
    ["no point of the curve", "key-invalid", () => [{ ...publicHalf(packKey), y: packKey.x }]],
    ["a root document that is a list", "root-invalid", () => ({ root: [] })],
    ["a web page for a root document", "root-invalid", () => ({ root: "<html>" })],
  ])("%s: the first load says so", async (_, code, keys) => {
    expect(await refusal((await device.keeper(keys())).load())).toMatchObject({ code });
  });
});

test("without keys, nothing is looked at: neither signatures nor dates nor sequences", async () => {
  const load = () => device.loadWithoutKeys();
  await promotePack(registry, next, otherKey, { sequence: 5, expires: "2020-01-01T00:00:00Z" });
  expect((await load()).digest).toBe(next.digest);
  await promotePack(registry, pack, otherKey, { sequence: 1, issued: "2099-01-01T00:00:00Z" });
  expect((await load()).digest).toBe(pack.digest);
  expect(device.paths()).not.toContain(ROOT_PATH);
  expect(device.paths()).not.toContain(SIGNATURE);
  expect(device.paths()).toContain(manifestPath("tiny", "1.0.0"));
});

import { channelsPath, type PrivateJwk, signaturePath } from "@selvedge/protocol";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { FakeRegistry } from "../delivery/registry.fixture.ts";
import type { BuiltPack } from "../store/pack.fixture.ts";
import { promotePack, signPack } from "./signed-registry.fixture.ts";
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
  vi.unstubAllGlobals();
});

/** Whatever is refused on a first load leaves what was loaded before in its place, offline too. */
const REFUSED: readonly [
  what: string,
  code: string,
  says: RegExp,
  spoil: () => Promise<unknown>,
][] = [
  [
    "an unsigned channel document",
    "signature-invalid",
    /channels of tiny: not signed/,
    async () => registry.publish(next),
  ],
  [
    "a channel document signed with another key",
    "signature-invalid",
    /no valid signature by/,
    () => promotePack(registry, next, otherKey, { sequence: 2 }),
  ],
  [
    "a channel document signed with the pack key",
    "signature-invalid",
    /no valid signature by/,
    () => promotePack(registry, next, packKey, { sequence: 2 }),
  ],
  [
    "a channel document that was changed",
    "signature-invalid",
    /changed afterwards/,
    async () => {
      const old = JSON.parse(new TextDecoder().decode(registry.files.get(CHANNELS)));
      await promotePack(registry, next, otherKey, { sequence: 2 });
      const { payload } = JSON.parse(new TextDecoder().decode(registry.files.get(CHANNELS)));
      registry.write(CHANNELS, JSON.stringify({ ...old, payload }));
    },
  ],
  [
    "another model's channel document",
    "integrity",
    /channel document of other/,
    () => promotePack(registry, next, channelKey, { name: "other", sequence: 2 }),
  ],
  [
    "an expired channel document",
    "document-expired",
    /expired on .* clock says/,
    () =>
      promotePack(registry, next, channelKey, {
        sequence: 2,
        expires: new Date(Date.now() - 1000).toISOString(),
      }),
  ],
  [
    "a channel document from the day after tomorrow",
    "document-not-yet-valid",
    /has not come yet/,
    () =>
      promotePack(registry, next, channelKey, {
        sequence: 2,
        issued: new Date(Date.now() + 2 * DAY_MS).toISOString(),
      }),
  ],
  [
    "an unsigned pack",
    "signature-invalid",
    /tiny@2\.0\.0 is not signed/,
    async () => {
      registry.files.delete(signaturePath("tiny", "2.0.0"));
      await promotePack(registry, next, channelKey, { sequence: 2 });
    },
  ],
  [
    "a pack signed with another key",
    "signature-invalid",
    /signature of tiny@2\.0\.0: no valid signature/,
    async () => {
      await signPack(registry, next, otherKey);
      await promotePack(registry, next, channelKey, { sequence: 2 });
    },
  ],
  [
    "a pack signed with the channel key",
    "signature-invalid",
    /no valid signature/,
    async () => {
      await signPack(registry, next, channelKey);
      await promotePack(registry, next, channelKey, { sequence: 2 });
    },
  ],
  [
    "a pack with the signature of another version",
    "signature-invalid",
    /belongs to another version/,
    async () => {
      const swapped = registry.files.get(SIGNATURE);
      if (swapped) registry.files.set(signaturePath("tiny", "2.0.0"), swapped);
      await promotePack(registry, next, channelKey, { sequence: 2 });
    },
  ],
  [
    "a web page for a signature",
    "signature-invalid",
    /web page/,
    async () => {
      registry.write(signaturePath("tiny", "2.0.0"), "<!doctype html>");
      await promotePack(registry, next, channelKey, { sequence: 2 });
    },
  ],
];

test.each(REFUSED)("%s is refused on a first load", async (_, code, says, spoil) => {
  await spoil();
  const { load, active } = await device.keeper();
  expect(await refusal(load())).toMatchObject({ code, message: expect.stringMatching(says) });
  expect(await active()).toBeUndefined();
  expect(registry.segmentRequests).toEqual([]);
});

test.each(REFUSED)(
  "%s leaves what serves already alone, offline too",
  async (_, code, __, spoil) => {
    await (await device.keeper()).load();
    await spoil();
    const { load, active } = await device.keeper();
    expect(await refusal(load())).toMatchObject({ code });
    expect(await active()).toBe(pack.digest);
    device.goOffline();
    expect(await refusal(load())).toMatchObject({ code: "network" });
    expect(await active()).toBe(pack.digest);
  },
);

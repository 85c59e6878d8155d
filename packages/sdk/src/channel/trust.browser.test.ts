import {
  channelsPath,
  keyId,
  manifestPath,
  type PrivateJwk,
  publicHalf,
  ROOT_PATH,
  SelvedgeError,
  signaturePath,
} from "@selvedge/protocol";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { availability } from "../delivery/availability.ts";
import { install } from "../delivery/install.ts";
import { FakeRegistry, REGISTRY, select } from "../delivery/registry.fixture.ts";
import { networkOf, roomsOf } from "../delivery/rooms.fixture.ts";
import type { PublicKeys } from "../public-keys.ts";
import { findActive } from "../store/activations.ts";
import type { Database } from "../store/database.ts";
import { freshDatabase } from "../store/fresh-database.fixture.ts";
import { type BuiltPack, buildPack, noise } from "../store/pack.fixture.ts";
import { findPack } from "../store/packs.ts";
import type { Installed, PackSelector } from "../worker/keeper-api.ts";
import {
  anchorsFor,
  handOut,
  newKey,
  promotePack,
  type RootContent,
  rootText,
  signPack,
} from "./signed-registry.fixture.ts";
import { Trust } from "./trust.ts";

const DAY_MS = 24 * 60 * 60 * 1000;
const CHANNELS = channelsPath("tiny");
const SIGNATURE = signaturePath("tiny", "1.0.0");

let database: Database;
let pack: BuiltPack;
let next: BuiltPack;
let registry: FakeRegistry;
let packKey: PrivateJwk;
let channelKey: PrivateJwk;
let otherKey: PrivateJwk;

beforeEach(async () => {
  database = await freshDatabase();
  pack = await buildPack({ tensors: [noise(5000, 1)] });
  next = await buildPack({ version: "2.0.0", tensors: [noise(5000, 2)] });
  [packKey, channelKey, otherKey] = await Promise.all([newKey(), newKey(), newKey()]);
  registry = new FakeRegistry([next, pack]);
  for (const each of [pack, next]) await signPack(registry, each, packKey);
  await promotePack(registry, pack, channelKey);
  vi.stubGlobal("fetch", registry.fetch);
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const roles = () => ({ pack: [publicHalf(packKey)], channel: [publicHalf(channelKey)] });

/** What a page's keeper does for a load: a fresh keeper each time, as after a reload. */
async function keeper(publicKeys: PublicKeys = roles()) {
  const { anchors, trust } = await anchorsFor(publicKeys);
  const rooms = {
    ...roomsOf(database),
    trust: new Trust(anchors, { registry: REGISTRY, database, network: networkOf() }),
  };
  const selector = (more: Partial<PackSelector> = {}) => select({ trust, ...more });
  const signal = new AbortController().signal;
  return {
    load: (more?: Partial<PackSelector>): Promise<Installed> =>
      install(rooms, selector(more), { signal, onProgress: () => undefined }),
    availability: () => availability(rooms, selector(), { signal, isDownloading: false }),
    active: async () => (await findActive(database, selector()))?.current.digest,
    signedBy: async (digest: string) =>
      (await findPack(database, digest))?.record.signedBy?.[trust],
  };
}

async function refusal(load: Promise<unknown>): Promise<SelvedgeError> {
  const error: unknown = await load.then(
    () => "it was not refused",
    (reason: unknown) => reason,
  );
  if (error instanceof SelvedgeError) return error;
  throw new Error(`expected a SelvedgeError, got ${String(error)}`);
}

function goOffline(): void {
  registry.intercept = () => {
    throw new TypeError("offline");
  };
}

const paths = () => registry.requests.map(({ path }) => path);

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
  const { load, active } = await keeper();
  expect(await refusal(load())).toMatchObject({ code, message: expect.stringMatching(says) });
  expect(await active()).toBeUndefined();
  expect(registry.segmentRequests).toEqual([]);
});

test.each(REFUSED)(
  "%s leaves what serves already alone, offline too",
  async (_, code, __, spoil) => {
    await (await keeper()).load();
    await spoil();
    const { load, active } = await keeper();
    expect(await refusal(load())).toMatchObject({ code });
    expect(await active()).toBe(pack.digest);
    goOffline();
    expect(await refusal(load())).toMatchObject({ code: "network" });
    expect(await active()).toBe(pack.digest);
  },
);

test("what is signed as it should be is installed, and who signed is kept", async () => {
  const { load, signedBy, availability } = await keeper();
  expect(await availability()).toMatchObject({ state: "downloadable" });
  expect((await load()).digest).toBe(pack.digest);
  expect(await signedBy(pack.digest)).toEqual([await keyId(packKey)]);
  expect(await availability()).toMatchObject({ state: "available" });
});

test("a list of keys may sign packs and channels both", async () => {
  const keys = [publicHalf(channelKey), publicHalf(packKey)];
  expect((await (await keeper(keys)).load()).digest).toBe(pack.digest);
});

test("a signature that is stored is not asked for again", async () => {
  await (await keeper()).load();
  registry.requests.length = 0;
  await (await keeper()).load();
  expect(paths()).toEqual([CHANNELS]);
});

test("a version by name needs the signature of the pack alone", async () => {
  registry.publish(pack);
  const { load } = await keeper();
  expect((await load({ version: "1.0.0" })).digest).toBe(pack.digest);
  expect(paths()).not.toContain(CHANNELS);
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
  const first = await keeper();
  await first.load();
  await promote();
  for (const { load, active } of [first, await keeper()]) {
    expect(await refusal(load())).toMatchObject({ code });
    expect(await active()).toBe(next.digest);
  }
  await promotePack(registry, pack, channelKey, { sequence: 4 });
  expect((await first.load()).digest).toBe(pack.digest);
});

test("a document that is signed anew without a change is no other one", async () => {
  await (await keeper()).load();
  vi.useFakeTimers({ now: Date.now(), toFake: ["Date"] });
  const issued = new Date().toISOString();
  await promotePack(registry, pack, channelKey, { sequence: 2, issued });
  await (await keeper()).load();
  await promotePack(registry, pack, channelKey, { sequence: 2, issued });
  expect((await (await keeper()).load()).digest).toBe(pack.digest);
});

test("what was seen counts under other keys too, as long as they have signed it", async () => {
  await promotePack(registry, next, channelKey, { sequence: 3 });
  await (await keeper()).load();
  await promotePack(registry, pack, channelKey, { sequence: 2 });
  const both = await keeper({ ...roles(), pack: [publicHalf(packKey), publicHalf(otherKey)] });
  expect(await refusal(both.load())).toMatchObject({ code: "document-rolled-back" });
  // Whoever had the key that was replaced may have run the sequence up.
  await promotePack(registry, pack, otherKey, { sequence: 1 });
  const replaced = await keeper({ ...roles(), channel: [publicHalf(otherKey)] });
  expect((await replaced.load()).digest).toBe(pack.digest);
});

describe("a clock", () => {
  test("may be off by less than a day", async () => {
    const issued = new Date(Date.now() + DAY_MS - 60_000).toISOString();
    await promotePack(registry, pack, channelKey, { issued });
    expect((await (await keeper()).load()).digest).toBe(pack.digest);
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
    const { code, message } = await refusal((await keeper()).load());
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
    expect(await refusal((await keeper(keys())).load())).toMatchObject({ code });
  });
});

describe("what was stored for other pages", () => {
  test("without keys does not serve one with keys, and is not fetched again by it", async () => {
    const signal = new AbortController().signal;
    await install(roomsOf(database), select(), { signal, onProgress: () => undefined });
    const { load, active } = await keeper();
    expect(await active()).toBeUndefined();
    registry.requests.length = 0;
    expect((await load()).fetchedBytes).toBe(0);
    expect(paths()).toEqual([CHANNELS, SIGNATURE]);
    // A page without keys takes no signature away.
    await install(roomsOf(database), select(), { signal, onProgress: () => undefined });
    registry.requests.length = 0;
    await load();
    expect(paths()).toEqual([CHANNELS]);
  });

  test("serves under new keys that have signed it too, offline", async () => {
    await (await keeper()).load();
    goOffline();
    const more = await keeper({ ...roles(), pack: [publicHalf(otherKey), publicHalf(packKey)] });
    expect(await more.active()).toBeUndefined();
    expect((await more.load()).digest).toBe(pack.digest);
    expect(await more.active()).toBe(pack.digest);
    expect(await more.signedBy(pack.digest)).toEqual([await keyId(packKey)]);
  });

  test("serves under new keys though a newer one was promoted and never fetched", async () => {
    const first = await keeper();
    await first.load();
    await promotePack(registry, next, channelKey, { sequence: 2 });
    registry.intercept = ({ path }) =>
      path.includes("/segments/") ? new Response("", { status: 503 }) : undefined;
    await refusal(first.load());
    goOffline();
    const more = await keeper({ ...roles(), pack: [publicHalf(otherKey), publicHalf(packKey)] });
    expect((await more.load()).digest).toBe(pack.digest);
  });

  test.each<[what: string, keys: () => PublicKeys]>([
    ["the pack", () => ({ ...roles(), pack: [publicHalf(otherKey)] })],
    ["its channel", () => ({ ...roles(), channel: [publicHalf(otherKey)] })],
  ])("does not serve under keys that have not signed %s", async (_, keys) => {
    await (await keeper()).load();
    goOffline();
    const strict = await keeper(keys());
    expect(await refusal(strict.load())).toMatchObject({ code: "network" });
    expect(await strict.active()).toBeUndefined();
  });

  test("serves by version, under new keys that have signed it too", async () => {
    await (await keeper()).load({ version: "1.0.0" });
    goOffline();
    const more = await keeper([publicHalf(packKey)]);
    expect((await more.load({ version: "1.0.0" })).digest).toBe(pack.digest);
    expect(await refusal(more.load())).toMatchObject({ code: "network" });
  });

  test("without a signature does not serve a page with keys offline", async () => {
    const signal = new AbortController().signal;
    await install(roomsOf(database), select(), { signal, onProgress: () => undefined });
    goOffline();
    expect(await refusal((await keeper()).load())).toMatchObject({ code: "network" });
  });
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
    const asText = await keeper({ root: shipped });
    expect((await asText.load()).digest).toBe(pack.digest);
    expect(paths()).toContain(ROOT_PATH);
    goOffline();
    const asObject = await keeper({ root: JSON.parse(shipped) });
    expect((await asObject.load()).digest).toBe(pack.digest);
  });

  test("is asked for once a session, in the round of the channels, and again after a day", async () => {
    const { load } = await keeper({ root: shipped });
    const asked = () => registry.requests.filter(({ path }) => path === ROOT_PATH);
    await load();
    expect(paths().slice(0, 2).sort()).toEqual([ROOT_PATH, CHANNELS].sort());
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
      const { load } = await keeper({ root: shipped });
      expect((await load()).digest).toBe(pack.digest);
      registry.intercept = () => undefined;
      handOut(registry, await rootText(content(2, { pack: [otherKey] })));
      await promotePack(registry, next, channelKey, { sequence: 2 });
      expect(await refusal(load())).toMatchObject({ code: "signature-invalid" });
    },
  );

  test("that does not follow is asked for again: it may have been mended", async () => {
    handOut(registry, "<html>");
    const { load } = await keeper({ root: shipped });
    expect(await refusal(load())).toMatchObject({ code: "root-invalid" });
    handOut(registry, await rootText(content(2)));
    expect((await load()).digest).toBe(pack.digest);
  });

  test("of the registry adds keys and takes others away", async () => {
    await (await keeper({ root: shipped })).load();
    handOut(registry, await rootText(content(2, { pack: [otherKey] })));
    await promotePack(registry, next, channelKey, { sequence: 2 });
    const dropped = await keeper({ root: shipped });
    expect(await refusal(dropped.load())).toMatchObject({ code: "signature-invalid" });
    expect(await dropped.active()).toBe(pack.digest);
    await signPack(registry, next, otherKey);
    expect((await dropped.load()).digest).toBe(next.digest);
    // What was learnt is remembered: a host that takes it back cannot bring the old key back.
    registry.files.delete(ROOT_PATH);
    await signPack(registry, pack, packKey);
    await promotePack(registry, pack, channelKey, { sequence: 3 });
    const later = await keeper({ root: shipped });
    expect(await refusal(later.load())).toMatchObject({ code: "signature-invalid" });
  });

  test("is followed through every hand-over of the root key", async () => {
    const [second, third] = [await newKey(), await newKey()];
    handOut(registry, await rootText(content(2, { root: second }), rootKey), 2);
    handOut(registry, await rootText(content(4, { root: third }), second), 4);
    handOut(registry, await rootText(content(5, { root: third, pack: [otherKey] })));
    await signPack(registry, pack, otherKey);
    const { load } = await keeper({ root: shipped });
    expect((await load()).digest).toBe(pack.digest);
    registry.requests.length = 0;
    await (await keeper({ root: shipped })).load();
    expect(paths().sort()).toEqual([ROOT_PATH, CHANNELS].sort());
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
    await (await keeper({ root: shipped })).load();
    await promotePack(registry, next, channelKey, { sequence: 2 });
    await publish();
    const { load, active } = await keeper({ root: shipped });
    expect(await refusal(load())).toMatchObject({ code });
    expect(await active()).toBe(pack.digest);
    registry.files.delete(ROOT_PATH);
    expect((await (await keeper({ root: shipped })).load()).digest).toBe(next.digest);
  });

  test("that is older than the one a page was shipped with is not looked at", async () => {
    handOut(registry, shipped);
    const newer = await rootText(content(2, { pack: [otherKey] }));
    expect(await refusal((await keeper({ root: newer })).load())).toMatchObject({
      code: "signature-invalid",
    });
    await signPack(registry, pack, otherKey);
    expect((await (await keeper({ root: newer })).load()).digest).toBe(pack.digest);
  });

  test("that a page was shipped with and has expired is refused, and stored packs still serve", async () => {
    const old = await rootText(content(1, { expires: "2020-01-01T00:00:00Z" }));
    const { load } = await keeper({ root: old });
    expect(await refusal(load())).toMatchObject({ code: "root-invalid" });
    await (await keeper({ root: shipped })).load();
    goOffline();
    expect((await load()).digest).toBe(pack.digest);
  });

  test("of the registry that has expired is refused, and the one before it is not believed again", async () => {
    await (await keeper({ root: shipped })).load();
    await promotePack(registry, next, channelKey, { sequence: 2 });
    handOut(registry, await rootText(content(2, { expires: "2020-01-01T00:00:00Z" })));
    const { load, active } = await keeper({ root: shipped });
    expect(await refusal(load())).toMatchObject({
      code: "root-invalid",
      message: expect.stringContaining("expired on 2020-01-01T00:00:00Z"),
    });
    registry.files.delete(ROOT_PATH);
    const later = await keeper({ root: shipped });
    expect(await refusal(later.load())).toMatchObject({ code: "root-invalid" });
    expect(await active()).toBe(pack.digest);
    handOut(registry, await rootText(content(3)));
    expect((await (await keeper({ root: shipped })).load()).digest).toBe(next.digest);
  });

  test("that was renewed at the registry takes the place of one that has expired", async () => {
    const old = await rootText(content(1, { expires: "2020-01-01T00:00:00Z" }));
    handOut(registry, await rootText(content(2)));
    expect((await (await keeper({ root: old })).load()).digest).toBe(pack.digest);
  });
});

test("without keys, nothing is looked at: neither signatures nor dates nor sequences", async () => {
  const signal = new AbortController().signal;
  const load = () => install(roomsOf(database), select(), { signal, onProgress: () => undefined });
  await promotePack(registry, next, otherKey, { sequence: 5, expires: "2020-01-01T00:00:00Z" });
  expect((await load()).digest).toBe(next.digest);
  await promotePack(registry, pack, otherKey, { sequence: 1, issued: "2099-01-01T00:00:00Z" });
  expect((await load()).digest).toBe(pack.digest);
  expect(paths()).not.toContain(ROOT_PATH);
  expect(paths()).not.toContain(SIGNATURE);
  expect(paths()).toContain(manifestPath("tiny", "1.0.0"));
});

import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { channelsPath } from "@selvedge/protocol";
import {
  both,
  closesAt,
  fails,
  flips,
  gzips,
  isSlow,
  isWebPage,
  resetsAt,
  stallsAt,
} from "../fixtures/host/faults.ts";
import type { MisbehavingHost, Seen } from "../fixtures/host/misbehaving-host.ts";
import { NOISY, type NoisyRegistry, type NoisyVersion } from "../fixtures/noisy-model.ts";
import { expect, test } from "./browser.ts";
import { Visitor } from "./visitor.ts";

const PIECE_BYTES = 1024 * 1024;
const SEGMENTS = /\/segments\//;

let visitor: Visitor;
let modelBytes: number;

/** The bytes of models that were sent. */
const sentBytes = (host: MisbehavingHost) => host.sentOf(SEGMENTS);

/** Requests for them. */
const segmentsOf = ({ seen }: MisbehavingHost) => seen.filter(({ path }) => SEGMENTS.test(path));

const lengthOf = ({ range: [start, end] = [0, Number.POSITIVE_INFINITY] }: Seen) => end - start;

/** Less was sent than was asked for. */
const isCut = (seen: Seen) => seen.sent < lengthOf(seen);
const isBusy = ({ status }: Seen) => status === 503;
/** One piece was asked for by itself: what a piece that came damaged leads to. */
const isPieceAgain = (seen: Seen) =>
  (seen.range?.[0] ?? 0) <= 500_000 && lengthOf(seen) <= PIECE_BYTES;

/** Has the channel name a version. */
const serve = ({ folder, channels }: NoisyRegistry, version: NoisyVersion) =>
  writeFile(join(folder, channelsPath(NOISY)), channels[version]);

test.beforeEach(async ({ browserUnderTest, pages, models, registry }) => {
  modelBytes = registry.manifests["1.0.0"].segments[0]?.bytes ?? 0;
  visitor = new Visitor(browserUnderTest, {
    page: `${pages.url}/bare/`,
    registry: `${models.url}/models`,
  });
  await visitor.open();
  await visitor.forget();
});

test("a model answers rightly, and the next visit fetches nothing", async ({ models }) => {
  expect(await visitor.load()).toEqual({ served: "1.0.0" });
  expect(sentBytes(models)).toBeGreaterThanOrEqual(modelBytes);
  models.seen.length = 0;
  await visitor.open();
  expect(await visitor.load()).toEqual({ served: "1.0.0" });
  expect(sentBytes(models)).toBe(0);
});

test("a bit that flips in the store costs its piece, and nothing else", async ({ models }) => {
  expect(await visitor.load()).toEqual({ served: "1.0.0" });
  const bytes = await visitor.damage();
  models.seen.length = 0;
  expect(await visitor.load()).toEqual({ served: "1.0.0" });
  expect(sentBytes(models)).toBe(bytes);
});

test("a download that was cut goes on where it stopped", async ({ models }) => {
  // What has not been taken in when a connection closes, a browser may drop: it is given time to.
  models.misbehave(SEGMENTS, both(isSlow(5e6), closesAt(1_500_000)), { times: 1 });
  const first = await visitor.load();
  if (first.code !== undefined) expect(await visitor.load()).toEqual({ served: "1.0.0" });
  expect(segmentsOf(models).filter(isCut)).not.toEqual([]);
  expect(sentBytes(models)).toBeLessThanOrEqual(modelBytes + PIECE_BYTES);
});

test("a host that fails is an error with a code, and is asked again without a reload", async ({
  models,
}) => {
  models.misbehave(/./, fails(503));
  expect(await visitor.load()).toMatchObject({ code: expect.stringMatching(/./) });
  models.behave();
  expect(await visitor.load()).toEqual({ served: "1.0.0" });
});

for (const [what, fault, times, hasHappened] of [
  ["goes silent in the middle", stallsAt(500_000), 1, isCut],
  ["breaks the connection in the middle", resetsAt(500_000), 1, isCut],
  ["is busy, twice", fails(503, { "Retry-After": "1" }), 2, isBusy],
  ["compresses whatever it sends", gzips, Number.POSITIVE_INFINITY, ({ sent }: Seen) => sent > 0],
  ["flips a bit on the way", flips(500_000), 1, isPieceAgain],
] as const)
  test(`a host that ${what} does not keep a model from loading`, async ({ models }) => {
    models.misbehave(SEGMENTS, fault, { times });
    expect(await visitor.load()).toEqual({ served: "1.0.0" });
    expect(segmentsOf(models).filter(hasHappened)).not.toEqual([]);
  });

test("a network that asks for a login is told apart from a registry, and left behind", async ({
  models,
}) => {
  models.misbehave(/./, isWebPage);
  expect(await visitor.load()).toMatchObject({ code: "response-invalid" });
  models.behave();
  expect(await visitor.load()).toEqual({ served: "1.0.0" });
});

test("a page that goes away in the middle of a download leaves the next one to finish it", async ({
  models,
}) => {
  models.misbehave(SEGMENTS, stallsAt(1_500_000), { times: 1 });
  await visitor.begin();
  await expect.poll(() => segmentsOf(models).some(({ sent }) => sent === 1_500_000)).toBe(true);
  await visitor.open();
  expect(await visitor.load()).toEqual({ served: "1.0.0" });
});

test("what is stored works with its host gone, and what is not says so", async ({ models }) => {
  expect(await visitor.load()).toEqual({ served: "1.0.0" });
  await models.close();
  await visitor.open();
  expect(await visitor.load()).toEqual({ served: "1.0.0" });
  expect(await visitor.availability()).toMatchObject({ state: "available" });
  expect(await visitor.load("another")).toMatchObject({ code: "network" });
  expect(await visitor.availability("another")).toMatchObject({ state: "unavailable" });
});

test.describe(() => {
  // In a hurry, a tab overtakes one that is merely slow.
  test.use({ hurry: 1 });
  test("two tabs that load at once share one download", async ({ browserUnderTest, models }) => {
    const first = await browserUnderTest.tab();
    const second = await browserUnderTest.openTab();
    await visitor.open();
    await browserUnderTest.lookAt(first);
    await visitor.begin();
    await browserUnderTest.lookAt(second);
    expect(await visitor.load()).toEqual({ served: "1.0.0" });
    await browserUnderTest.closeTab();
    await browserUnderTest.lookAt(first);
    expect(await visitor.end()).toEqual({ served: "1.0.0" });
    expect(sentBytes(models)).toBeLessThanOrEqual(modelBytes + PIECE_BYTES);
  });
});

test("a browser that has no storage manager is none the worse for it", async ({
  browserUnderTest,
}) => {
  await browserUnderTest.run(() => {
    Object.defineProperty(navigator, "storage", { value: undefined, configurable: true });
  });
  expect(await visitor.load()).toEqual({ served: "1.0.0" });
  const listed = await browserUnderTest.run(async () => {
    const cached = await window.selvedge.cache.list();
    await window.selvedge.cache.estimate();
    return cached.map(({ name, version }) => `${name}@${version}`);
  });
  expect(listed).toEqual([`${NOISY}@1.0.0`]);
});

test("an update is fetched behind the version that serves, for less than it weighs", async ({
  models,
  registry,
  browserUnderTest,
}) => {
  expect(await visitor.load()).toEqual({ served: "1.0.0" });
  await serve(registry, "2.0.0");
  try {
    models.seen.length = 0;
    await visitor.open();
    expect(await visitor.load()).toEqual({ served: "1.0.0" });
    const became = await browserUnderTest.run(async (model) => {
      // Updates are looked for behind a model that is in use, and no longer once it is disposed of.
      const inUse = await window.selvedge.load(model);
      return new Promise<string>((resolve) => {
        inUse.on("update", ({ state }) => {
          if (state !== "found") resolve(state);
        });
      });
    }, NOISY);
    expect(became).toBe("ready");
    await visitor.open();
    expect(await visitor.load()).toEqual({ served: "2.0.0" });
    expect(sentBytes(models)).toBeGreaterThan(0);
    expect(sentBytes(models)).toBeLessThan(0.8 * modelBytes);
  } finally {
    await serve(registry, "1.0.0");
  }
});

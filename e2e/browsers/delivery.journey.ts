import { expect, test } from "./browser.ts";
import { type Asked, beginsWith, ends, fails, flips, gzips, type Host, isWebPage } from "./host.ts";
import { MODEL } from "./model.ts";
import { Visitor } from "./visitor.ts";

const PIECE_BYTES = 1024 * 1024;
const KEEPER = /\/keeper-[^/]*\.js$/;
const SEGMENTS = /\/segments\//;

let visitor: Visitor;
let modelBytes: number;

/** The bytes of models that were sent. */
const sentBytes = ({ segments }: Host) => segments.reduce((sum, { sent }) => sum + sent, 0);

/** Less was sent than was asked for. */
const isCut = ({ length, sent }: Asked) => sent < length;
const isBusy = ({ status }: Asked) => status === 503;
/** One piece was asked for by itself: what a piece that came damaged leads to. */
const isPieceAgain = ({ start, length }: Asked) => start <= 500_000 && length <= PIECE_BYTES;

test.beforeEach(async ({ browserUnderTest, pages, models, registry }) => {
  // Nobody wants to wait for a host that says nothing.
  pages.spoil(
    KEEPER,
    beginsWith(
      "{ const later = setTimeout; self.setTimeout = (run, ms, ...rest) => later(run, ms / 20, ...rest); }",
    ),
  );
  modelBytes = registry.bytes;
  visitor = new Visitor(browserUnderTest, { page: `${pages.url}/bare/`, registry: models.url });
  await visitor.open();
  await visitor.forget();
});

test("a model answers rightly, and the next visit fetches nothing", async ({ models }) => {
  expect(await visitor.load()).toEqual({ served: "1.0.0" });
  expect(sentBytes(models)).toBeGreaterThanOrEqual(modelBytes);
  models.asked.length = 0;
  await visitor.open();
  expect(await visitor.load()).toEqual({ served: "1.0.0" });
  expect(sentBytes(models)).toBe(0);
});

test("a bit that flips in the store costs its piece, and nothing else", async ({ models }) => {
  expect(await visitor.load()).toEqual({ served: "1.0.0" });
  const bytes = await visitor.damage();
  models.asked.length = 0;
  expect(await visitor.load()).toEqual({ served: "1.0.0" });
  expect(sentBytes(models)).toBe(bytes);
});

test("a download that was cut goes on where it stopped", async ({ models }) => {
  models.spoil(SEGMENTS, ends("close", 1_500_000), 1);
  const first = await visitor.load();
  if (first.code !== undefined) expect(await visitor.load()).toEqual({ served: "1.0.0" });
  expect(models.segments.filter(isCut)).not.toEqual([]);
  expect(sentBytes(models)).toBeLessThanOrEqual(modelBytes + PIECE_BYTES);
});

test("a host that fails is an error with a code, and is asked again without a reload", async ({
  models,
}) => {
  models.spoil(/./, fails(503));
  expect(await visitor.load()).toMatchObject({ code: expect.stringMatching(/./) });
  models.behave();
  expect(await visitor.load()).toEqual({ served: "1.0.0" });
});

for (const [what, fault, times, hasHappened] of [
  ["goes silent in the middle", ends("silence", 500_000), 1, isCut],
  ["breaks the connection in the middle", ends("reset", 500_000), 1, isCut],
  ["is busy, twice", fails(503, { "Retry-After": "1" }), 2, isBusy],
  ["compresses whatever it sends", gzips, undefined, ({ sent }: Asked) => sent > 0],
  ["flips a bit on the way", flips(500_000), 1, isPieceAgain],
] as const)
  test(`a host that ${what} does not keep a model from loading`, async ({ models }) => {
    models.spoil(SEGMENTS, fault, times);
    expect(await visitor.load()).toEqual({ served: "1.0.0" });
    expect(models.segments.filter(hasHappened)).not.toEqual([]);
  });

test("a network that asks for a login is told apart from a registry, and left behind", async ({
  models,
}) => {
  models.spoil(/./, isWebPage);
  expect(await visitor.load()).toMatchObject({ code: "response-invalid" });
  models.behave();
  expect(await visitor.load()).toEqual({ served: "1.0.0" });
});

test("a page that goes away in the middle of a download leaves the next one to finish it", async ({
  models,
}) => {
  models.spoil(SEGMENTS, ends("silence", 1_500_000), 1);
  await visitor.begin();
  await expect.poll(() => models.segments.some(({ sent }) => sent === 1_500_000)).toBe(true);
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
  expect(listed).toEqual([`${MODEL}@1.0.0`]);
});

test("an update is fetched behind the version that serves, for less than it weighs", async ({
  models,
  registry,
  browserUnderTest,
}) => {
  expect(await visitor.load()).toEqual({ served: "1.0.0" });
  await registry.serve("2.0.0");
  try {
    models.asked.length = 0;
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
    }, MODEL);
    expect(became).toBe("ready");
    await visitor.open();
    expect(await visitor.load()).toEqual({ served: "2.0.0" });
    expect(sentBytes(models)).toBeGreaterThan(0);
    expect(sentBytes(models)).toBeLessThan(0.8 * modelBytes);
  } finally {
    await registry.serve("1.0.0");
  }
});

import type { Page } from "@playwright/test";
import { hurries, KEEPER } from "./fixtures/delivery.ts";
import { type Fault, resetsAt } from "./fixtures/host/faults.ts";
import { bytesOf, fillsAfter, partsOf, piecesOf, test, unique } from "./fixtures/newcomer.ts";
import {
  askAgain,
  device,
  expect,
  infoOf,
  loadedAnswers,
  stored,
  untilCompleted,
  visit,
} from "./fixtures/shipped.ts";
import { openBare } from "./fixtures/test.ts";

const SEGMENTS = /\/segments\//;
const ENGINE = /\/engine-[^/]*\.js$/;
/** A second model, of other weights. */
const SECOND = "edal";
const PIECE_BYTES = 2 ** 20;

test("a link that is lost while the image comes fails the visit clearly; the next goes on from there", async ({
  newcomer,
  site,
}) => {
  const { host, page } = newcomer;
  const { image, rest, bare } = partsOf(await site.manifest());
  host.misbehave(KEEPER, hurries(30));
  host.misbehave(SEGMENTS, resetsAt(Math.floor(bare.bytes / 2)), { times: 1 });
  host.misbehave(SEGMENTS, resetsAt(-1), { skip: 1 });
  await expect(newcomer.visit()).rejects.toThrow(/network|reach|connection/i);
  expect(await stored(page)).toEqual([]);
  expect(host.sentOf(SEGMENTS)).toBeGreaterThan(0);

  await newcomer.expectRecovery();
  // A piece is fetched twice for each range that broke off, at most.
  const most = bytesOf(unique([...image, ...rest])) + PIECE_BYTES;
  expect(host.sentOf(SEGMENTS)).toBeLessThanOrEqual(most);
});

test("a link that is lost while the tensors come stops no answer; the next visit wakes again, and has all of it", async ({
  newcomer,
  site,
}) => {
  const { host, page, right } = newcomer;
  const { tensors, rest, path } = partsOf(await site.manifest());
  /** Whatever brings a tensor breaks off half way. */
  const cut: Fault = (answer, asked) => {
    const end = answer.start + answer.body.byteLength;
    const brings = tensors.some(({ at }) => at.offset >= answer.start && at.offset < end);
    return brings ? resetsAt(Math.floor(answer.body.byteLength / 2))(answer, asked) : answer;
  };
  host.misbehave(KEEPER, hurries(30));
  host.misbehave(path, cut);
  await newcomer.expectWoken();
  await expect.poll(() => host.sentOf(SEGMENTS)).toBeGreaterThan(0);
  expect(await askAgain(page)).toEqual(right);
  expect((await infoOf(page)).storage).toMatchObject({ kind: "memory" });
  expect(await stored(page)).toEqual([]);

  // There is nothing to load without the link, and what came of the image does not stand for a pack.
  host.misbehave(/\/models\//, resetsAt(-1));
  await expect(newcomer.visit()).rejects.toThrow(/lande/);

  host.seen.length = 0;
  await newcomer.expectRecovery();
  // Of the image nothing comes twice.
  expect(host.sentOf(SEGMENTS)).toBeLessThanOrEqual(bytesOf(rest));
});

test("where there is no more room once a part of the image is stored, it is loaded, and served from memory", async ({
  newcomer,
}) => {
  const { host, right } = newcomer;
  host.misbehave(KEEPER, fillsAfter(["pieces"], 1));
  const first = await newcomer.visit();
  expect(first.start).toMatchObject({ step: "none", code: "no-image" });
  expect(first.start.reason).toMatch(/room|needed to store/);
  expect(first.storage).toMatchObject({ kind: "memory" });
  expect(first.answers).toEqual(right);

  await newcomer.expectRecovery();
});

test("where there is no more room for the tensors, what was woken serves on, and says so", async ({
  newcomer,
  site,
}) => {
  const { host, page, right } = newcomer;
  const { image } = partsOf(await site.manifest());
  host.misbehave(KEEPER, fillsAfter(["pieces"], piecesOf(image)));
  await newcomer.expectWoken();
  await expect
    .poll(async () => (await infoOf(page)).storage, { timeout: 30_000 })
    .toEqual({ kind: "memory", reason: expect.stringMatching(/room/) });
  expect((await infoOf(page)).start.noImage).toContain("in memory only");
  expect(await askAgain(page)).toEqual(right);

  await newcomer.expectRecovery();
});

test("where there is no more room for an image of its own, the pack is whole, and the next visit loads it and has the reason", async ({
  newcomer,
}) => {
  const { host, page, right } = newcomer;
  host.misbehave(ENGINE, fillsAfter(["imagePages"], 0));
  await newcomer.expectWoken();
  await expect
    .poll(async () => (await infoOf(page)).start.noImage, { timeout: 30_000 })
    .toMatch(/no more room/);
  expect((await stored(page)).map(({ storage }) => storage)).toEqual(["persistent"]);

  host.misbehave(/\/models\//, resetsAt(-1));
  const { start, answers } = await newcomer.visit();
  expect(start).toMatchObject({ step: "none", code: "not-known" });
  expect(answers).toEqual(right);
});

test("two tabs on their first visit fetch each thing once, and both answer", async ({
  newcomer,
  site,
}) => {
  const { context, host, page, publicKeys, right } = newcomer;
  const { image, rest } = partsOf(await site.manifest());
  const other = await context.newPage();
  await Promise.all([page, other].map((tab) => openBare(tab, host)));
  const both = await Promise.all([page, other].map((tab) => visit(tab, { publicKeys })));
  expect(both.map(({ answers }) => answers)).toEqual([right, right]);
  expect(both.map(({ start }) => start.code)).toContain("woken");
  await untilCompleted(page);
  expect(host.sentOf(SEGMENTS)).toBe(bytesOf(unique([...image, ...rest])));
  expect(await askAgain(other)).toEqual(right);
});

test("two models whose images begin alike fetch that once, whether they come one after the other or at once", async ({
  browser,
  site,
}) => {
  const two = await site.copy();
  await two.addSecond(SECOND);
  const host = await two.misbehaving();
  const publicKeys = await two.keysOf("keys");
  const names = ["lande", SECOND];
  const right = [];
  for (const name of names) right.push(await loadedAnswers(browser, host.url, name));
  expect(right[0]).not.toEqual(right[1]);
  const parts = [partsOf(await two.manifest()), partsOf(await two.manifest("1.0.0", SECOND))];
  const all = bytesOf(unique(parts.flatMap(({ image, rest }) => [...image, ...rest])));
  const together = async (page: Page) =>
    Promise.all(names.map((name) => visit(page, { publicKeys, name })));
  const apart = async (page: Page) => {
    const visits = [];
    for (const name of names) {
      await openBare(page, host);
      visits.push(await visit(page, { publicKeys, name }));
      await untilCompleted(page, name);
    }
    return visits;
  };
  for (const load of [apart, together]) {
    const { context, page } = await device(browser, host.url);
    host.seen.length = 0;
    const visits = await load(page);
    for (const name of names) await untilCompleted(page, name);
    expect(visits.map(({ start }) => start.code)).toEqual(["woken", "woken"]);
    expect(visits.map(({ answers }) => answers)).toEqual(right);
    expect(host.sentOf(SEGMENTS)).toBeLessThanOrEqual(all);
    await context.close();
  }
  await host.close();
  await two.remove();
});

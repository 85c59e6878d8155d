import type { BrowserContext, Page } from "@playwright/test";
import type { BlobRef, Manifest } from "@selvedge/protocol";
import { hurries, KEEPER } from "./fixtures/delivery.ts";
import { beginsWith, type Fault, resetsAt } from "./fixtures/host/faults.ts";
import type { MisbehavingHost } from "./fixtures/host/misbehaving-host.ts";
import {
  askAgain,
  test as base,
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

/** A device that has never been here, what it is right to answer, and a host that is about to go wrong. */
interface Beginning {
  readonly host: MisbehavingHost;
  readonly publicKeys: unknown;
  readonly right: readonly string[];
  /** Goes to the page anew, in the tab that there is. */
  readonly arrive: () => Promise<void>;
  readonly context: BrowserContext;
  readonly page: Page;
}

const test = base.extend<{ beginning: Beginning }>({
  beginning: async ({ browser, site }, use) => {
    const host = await site.misbehaving();
    const right = await loadedAnswers(browser, host.url);
    const { context, page } = await device(browser, host.url);
    const arrive = () => openBare(page, host);
    const publicKeys = await site.keysOf("keys");
    host.seen.length = 0;
    await use({ host, publicKeys, right, arrive, context, page });
    await context.close();
    await host.close();
  },
});

/** What a first visit needs before its first answer, and what comes behind that. */
function partsOf({ variants, golden, attachments, segments }: Manifest) {
  const [variant] = variants;
  const [image] = variant?.images ?? [];
  if (variant === undefined || image === undefined) throw new Error("the pack ships no image");
  const tested = golden.cases.flatMap(({ inputs, outputs }) => [...inputs, ...outputs]);
  return {
    image: unique([image.bare, image.difference, ...tested]),
    bare: image.bare,
    rest: unique([variant.graph, ...variant.tensors, ...attachments]),
    tensors: variant.tensors,
    /** Where the tensors lie. */
    path: new RegExp(segments[variant.tensors[0]?.at.segment ?? 0]?.sha256 ?? ""),
  };
}

function unique(blobs: readonly BlobRef[]): readonly BlobRef[] {
  return [...new Map(blobs.map((blob) => [blob.sha256, blob])).values()];
}

const bytesOf = (blobs: readonly BlobRef[]) => blobs.reduce((sum, { bytes }) => sum + bytes, 0);
const piecesOf = (blobs: readonly BlobRef[]) =>
  blobs.reduce((sum, { bytes }) => sum + Math.max(1, Math.ceil(bytes / PIECE_BYTES)), 0);

/** Puts a script before another, which no later visit finds in the browser's cache. */
const forThisVisit =
  (script: string): Fault =>
  (answer, asked) => {
    const spoilt = beginsWith(script)(answer, asked);
    return { ...spoilt, headers: { ...spoilt.headers, "Cache-Control": "no-store" } };
  };

/** The origin has no more room once a worker has written so much to some of its stores. */
const fillsAfter = (stores: readonly string[], writes: number): Fault =>
  forThisVisit(`{
    let left = ${writes};
    const full = () => new DOMException("no more room", "QuotaExceededError");
    const put = IDBObjectStore.prototype.put;
    IDBObjectStore.prototype.put = function (...record) {
      if (${JSON.stringify(stores)}.includes(this.name) && left-- <= 0) throw full();
      return put.apply(this, record);
    };
    const open = FileSystemFileHandle.prototype.createSyncAccessHandle;
    FileSystemFileHandle.prototype.createSyncAccessHandle = async function (...how) {
      if (how.length === 0 && left <= 0) throw full();
      return open.apply(this, how);
    };
  }`);

test("a link that is lost while the image comes fails the visit clearly; the next goes on from there", async ({
  beginning: { host, publicKeys, right, arrive, page },
  site,
}) => {
  const { image, rest, bare } = partsOf(await site.manifest());
  host.misbehave(KEEPER, hurries(30));
  host.misbehave(SEGMENTS, resetsAt(Math.floor(bare.bytes / 2)), { times: 1 });
  host.misbehave(SEGMENTS, resetsAt(-1), { skip: 1 });
  await arrive();
  await expect(visit(page, { publicKeys })).rejects.toThrow(/network|reach|connection/i);
  expect(await stored(page)).toEqual([]);
  expect(host.sentOf(SEGMENTS)).toBeGreaterThan(0);

  host.behave();
  await arrive();
  const { start, answers } = await visit(page, { publicKeys });
  expect(start).toMatchObject({ step: "run", code: "woken" });
  expect(answers).toEqual(right);
  await untilCompleted(page);
  // A piece is fetched twice for each range that broke off, at most.
  const most = bytesOf(unique([...image, ...rest])) + PIECE_BYTES;
  expect(host.sentOf(SEGMENTS)).toBeLessThanOrEqual(most);
});

test("a link that is lost while the tensors come stops no answer; the next visit wakes again, and has all of it", async ({
  beginning: { host, publicKeys, right, arrive, page },
  site,
}) => {
  const { tensors, rest, path } = partsOf(await site.manifest());
  /** Whatever brings a tensor breaks off half way. */
  const cut: Fault = (answer, asked) => {
    const end = answer.start + answer.body.byteLength;
    const brings = tensors.some(({ at }) => at.offset >= answer.start && at.offset < end);
    return brings ? resetsAt(Math.floor(answer.body.byteLength / 2))(answer, asked) : answer;
  };
  host.misbehave(KEEPER, hurries(30));
  host.misbehave(path, cut);
  await arrive();
  const first = await visit(page, { publicKeys });
  expect(first).toMatchObject({ start: { step: "run", code: "woken" }, answers: right });
  await expect.poll(() => host.sentOf(SEGMENTS)).toBeGreaterThan(0);
  expect(await askAgain(page)).toEqual(right);
  expect((await infoOf(page)).storage).toMatchObject({ kind: "memory" });
  expect(await stored(page)).toEqual([]);

  // There is nothing to load without the link, and what came of the image does not stand for a pack.
  host.misbehave(/\/models\//, resetsAt(-1));
  await arrive();
  await expect(visit(page, { publicKeys })).rejects.toThrow(/lande/);

  host.behave();
  host.seen.length = 0;
  await arrive();
  const { start, answers } = await visit(page, { publicKeys });
  expect(start).toMatchObject({ step: "run", code: "woken" });
  expect(answers).toEqual(right);
  await untilCompleted(page);
  // Of the image nothing comes twice.
  expect(host.sentOf(SEGMENTS)).toBeLessThanOrEqual(bytesOf(rest));
});

test("where there is no more room once a part of the image is stored, it is loaded, and served from memory", async ({
  beginning: { host, publicKeys, right, arrive, page },
}) => {
  host.misbehave(KEEPER, fillsAfter(["pieces"], 1));
  await arrive();
  const first = await visit(page, { publicKeys });
  expect(first.start).toMatchObject({ step: "none", code: "no-image" });
  expect(first.start.reason).toMatch(/room|needed to store/);
  expect(first.storage).toMatchObject({ kind: "memory" });
  expect(first.answers).toEqual(right);

  host.behave();
  await arrive();
  const { start, answers } = await visit(page, { publicKeys });
  expect(start).toMatchObject({ step: "run", code: "woken" });
  expect(answers).toEqual(right);
  await untilCompleted(page);
});

test("where there is no more room for the tensors, what was woken serves on, and says so", async ({
  beginning: { host, publicKeys, right, arrive, page },
  site,
}) => {
  const { image } = partsOf(await site.manifest());
  host.misbehave(KEEPER, fillsAfter(["pieces"], piecesOf(image)));
  await arrive();
  const first = await visit(page, { publicKeys });
  expect(first).toMatchObject({ start: { step: "run", code: "woken" }, answers: right });
  await expect
    .poll(async () => (await infoOf(page)).storage, { timeout: 30_000 })
    .toEqual({ kind: "memory", reason: expect.stringMatching(/room/) });
  expect((await infoOf(page)).start.noImage).toContain("in memory only");
  expect(await askAgain(page)).toEqual(right);

  host.behave();
  await arrive();
  const { start, answers } = await visit(page, { publicKeys });
  expect(start).toMatchObject({ step: "run", code: "woken" });
  expect(answers).toEqual(right);
  await untilCompleted(page);
});

test("where there is no more room for an image of its own, the pack is whole, and the next visit loads it and has the reason", async ({
  beginning: { host, publicKeys, right, arrive, page },
}) => {
  host.misbehave(ENGINE, fillsAfter(["imagePages"], 0));
  await arrive();
  const first = await visit(page, { publicKeys });
  expect(first).toMatchObject({ start: { step: "run", code: "woken" }, answers: right });
  await expect
    .poll(async () => (await infoOf(page)).start.noImage, { timeout: 30_000 })
    .toMatch(/no more room/);
  expect((await stored(page)).map(({ storage }) => storage)).toEqual(["persistent"]);

  host.misbehave(/\/models\//, resetsAt(-1));
  await arrive();
  const { start, answers } = await visit(page, { publicKeys });
  expect(start).toMatchObject({ step: "none", code: "not-known" });
  expect(answers).toEqual(right);
});

test("two tabs on their first visit fetch each thing once, and both answer", async ({
  beginning: { host, publicKeys, right, arrive, context, page },
  site,
}) => {
  const { image, rest } = partsOf(await site.manifest());
  const other = await context.newPage();
  await Promise.all([arrive(), openBare(other, host)]);
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

import type { BrowserContext, Page } from "@playwright/test";
import { BareChromium, type BareTab } from "./fixtures/bare-chromium.ts";
import { expect, type Stage, test, waitingBatches } from "./fixtures/telemetry-test.ts";

declare global {
  /** What a tab has open. */
  var visit: import("selvedge").Selvedge;
}

/** How a page ends, for the browser's own reasons: no event here is made by a test. */
const ENDS: Readonly<Record<string, (page: Page) => Promise<void>>> = {
  "is navigated away from": async (page) => void (await page.goto("about:blank")),
  "is closed by its user": (page) => page.close({ runBeforeUnload: true }),
  "closes itself": (page) => page.evaluate(() => void window.close()),
};

/** Longer than the lease of one that died while it was sending. */
const LATER_MS = 60_000;

/** Something to run functions in: a page of Playwright's, or a bare tab. */
interface Runs {
  evaluate<Argument>(
    work: (argument: Argument) => Promise<void>,
    argument: Argument,
  ): Promise<void>;
}

/** Where a page sends what it measures, and how far ahead the device's clock is then. */
interface Begun {
  readonly endpoint: string;
  readonly laterMs?: number;
}

/** Loads a model, in a page that has been open for a while: what batches are sent with is there. */
async function begin(page: Runs, { endpoint, laterMs = 0 }: Begun): Promise<void> {
  const settings = { endpoint, laterMs };
  await page.evaluate(async ({ endpoint, laterMs }) => {
    const now = Date.now;
    Date.now = () => now() + laterMs;
    window.visit = selvedgeModule.createSelvedge({
      registry: "/models",
      telemetry: { endpoint, service: "e2e" },
    });
    await window.visit.load("lande");
    await window.visit.telemetry.flush();
  }, settings);
}

const predict = (page: Runs, times: number) =>
  page.evaluate(async (times) => {
    const model = await window.visit.load("lande");
    const ngrams = { type: "float32" as const, data: new Float32Array(620), dims: [1, 620] };
    for (let i = 0; i < times; i++) await model.predict({ ngrams });
  }, times);

/** Whether a page has counted what it may tell of distributions. */
const isTelling = (page: Page) =>
  page.evaluate(
    () =>
      new Promise<boolean>((resolve, reject) => {
        const opening = indexedDB.open("selvedge");
        opening.onerror = () => reject(opening.error);
        opening.onsuccess = () => {
          const store = opening.result.transaction("telemetry").objectStore("telemetry");
          const key = store.getKey("distributions");
          key.onsuccess = () => {
            opening.result.close();
            resolve(key.result !== undefined);
          };
        };
      }),
  );

const flush = (page: Runs) => page.evaluate(() => window.visit.telemetry.flush(), null);

const countedBy = ({ collector }: Stage) => collector.predictions["e2e"] ?? 0;
const breaks = () => ({ kind: "breaks" }) as const;

/** Opens a tab that may close itself, as only those may that a page has opened. */
async function openTab(
  context: BrowserContext,
  stage: Stage,
  options?: { laterMs: number },
): Promise<Page> {
  const opener = context.pages()[0] ?? (await context.newPage());
  const [page] = await Promise.all([
    context.waitForEvent("page"),
    opener.evaluate(() => void window.open("about:blank")),
  ]);
  await stage.open(page);
  await begin(page, { ...stage, ...options });
  return page;
}

/** The collector can be reached again: the next page sends what was left, and a prediction of its own. */
async function expectSentOnce(
  stage: Stage,
  { left, openNext }: { left: number; openNext: () => Promise<Runs> },
): Promise<void> {
  stage.collector.manner = () => ({ kind: "takes" });
  const next = await openNext();
  await predict(next, 1);
  const sent = () => flush(next).then(() => countedBy(stage));
  await expect.poll(sent, { timeout: 60_000 }).toBe(left + 1);
}

for (const [how, end] of Object.entries(ENDS)) {
  test(`what was measured just before a page ${how} leaves with it`, async ({ context, stage }) => {
    const page = await openTab(context, stage);
    await predict(page, 5);
    await end(page);
    await expect.poll(() => countedBy(stage)).toBe(5);
  });

  test(`where a page ${how} and nobody can be reached, it waits, and the next sends it once`, async ({
    context,
    stage,
  }) => {
    const { collector } = stage;
    const page = await openTab(context, stage);
    collector.manner = breaks;
    await predict(page, 5);
    await end(page);
    await expect.poll(() => collector.answered["breaks"] ?? 0).toBeGreaterThan(0);
    expect(countedBy(stage)).toBe(0);
    const openNext = () => openTab(context, stage, { laterMs: LATER_MS });
    await expectSentOnce(stage, { left: 5, openNext });
  });
}

/** Begins a transaction over the outbox that lasts as long as its page. Stands alone: it is run in a page. */
function holdOutbox(): Promise<void> {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open("selvedge");
    opening.onerror = () => reject(opening.error);
    opening.onsuccess = () => {
      const stores = opening.result.transaction(["outbox", "telemetry"], "readwrite");
      const ask = () => {
        const asked = stores.objectStore("outbox").count();
        asked.onsuccess = () => {
          resolve();
          ask();
        };
      };
      ask();
    };
  });
}

test("what a page leaves in the middle of a transaction over the outbox is not lost with that", async ({
  context,
  stage,
}) => {
  const { collector } = stage;
  const page = await openTab(context, stage);
  collector.manner = breaks;
  await page.evaluate(holdOutbox);
  await predict(page, 5);
  await page.goto("about:blank");
  await expect.poll(() => collector.answered["breaks"] ?? 0).toBeGreaterThan(0);
  const openNext = () => openTab(context, stage, { laterMs: LATER_MS });
  await expectSentOnce(stage, { left: 5, openNext });
});

test("what was counted of inputs and outputs leaves with its page, and waits for no half minute", async ({
  context,
  stage,
}) => {
  const page = await openTab(context, stage);
  await predict(page, 1);
  await expect.poll(() => isTelling(page)).toBe(true);
  expect(stage.collector.contributions).toBe(0);
  await page.goto("about:blank");
  await expect.poll(() => stage.collector.contributions).toBe(1);
});

/**
 * Freezes a page between two of its transactions. Browsers freeze none that holds a lock which others wait
 * for; what orders them to does, and no other page comes to the store then.
 */
async function freezeAtRest(page: BareTab, other: BareTab): Promise<void> {
  for (;;) {
    await page.freeze();
    const asked = other.evaluate(waitingBatches, null).then(() => true);
    const tooLate = new Promise<boolean>((resolve) => setTimeout(() => resolve(false), 2_000));
    if (await Promise.race([asked, tooLate])) return;
    await page.thaw();
    await asked;
  }
}

test.describe("a page that is frozen", () => {
  let chromium: BareChromium;
  let page: BareTab;

  test.beforeEach(async ({ stage }) => {
    chromium = await BareChromium.start();
    page = await chromium.open(`${stage.host.url}/bare/`);
    await begin(page, stage);
  });

  test.afterEach(() => chromium.close());

  test("has what it measured sent, goes on where it was, and counts nothing twice", async ({
    stage,
  }) => {
    await predict(page, 3);
    await page.freeze();
    await expect.poll(() => countedBy(stage)).toBe(3);
    await page.thaw();
    await predict(page, 4);
    await flush(page);
    await expect.poll(() => countedBy(stage)).toBe(7);
  });

  test("and discarded leaves it to another tab, where nobody could be reached", async ({
    stage,
  }) => {
    const { collector, host } = stage;
    collector.manner = breaks;
    const next = await chromium.open(`${host.url}/bare/`);
    await predict(page, 3);
    await freezeAtRest(page, next);
    await expect.poll(() => collector.answered["breaks"] ?? 0).toBeGreaterThan(0);
    // Browsers discard pages minutes after they froze them: the write that nobody waits for is over then.
    await expect
      .poll(() => next.evaluate(waitingBatches, "selvedge.predict.duration"), { timeout: 30_000 })
      .toBeGreaterThan(0);
    void page.discard();
    const openNext = async () => {
      await begin(next, { ...stage, laterMs: LATER_MS });
      return next;
    };
    await expectSentOnce(stage, { left: 3, openNext });
  });
});

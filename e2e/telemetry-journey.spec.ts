import type { BrowserContext, Page } from "@playwright/test";
import { seededRandom } from "../packages/packer/src/golden/seeded-random.ts";
import type { Manner } from "./fixtures/misbehaving-collector.ts";
import { expect, type Stage, test, waitingBatches } from "./fixtures/telemetry-test.ts";

declare global {
  /** What a tab's clock is off by. */
  var clockOffsetMs: number;
  var journey: import("selvedge").Selvedge;
  var predictOnce: () => Promise<void>;
}

/** How many events there are in all; `npm run soak` asks for all 10,000. */
const EVENTS = Number(process.env["SELVEDGE_EVENTS"] ?? 300);
const SEED = Number(process.env["SELVEDGE_SEED"] ?? 6);

/** A tab makes so many at most before it ends. */
const EVENTS_PER_TAB = Math.max(60, EVENTS / 60);

const DAY_MS = 24 * 60 * 60_000;

/** What the collector does, and how often. */
const MANNERS: readonly (readonly [share: number, manner: Manner])[] = [
  [0.35, { kind: "takes" }],
  [0.15, { kind: "takes-silently" }],
  [0.1, { kind: "takes-slowly", ms: 300 }],
  [0.1, { kind: "breaks" }],
  [0.1, { kind: "answers", status: 500 }],
  [0.1, { kind: "answers", status: 503, retryAfter: "30" }],
  [0.1, { kind: "answers", status: 429, retryAfter: "5" }],
];

/** @param share from 0 up to 1 */
function mannerAt(share: number): Manner {
  let left = share;
  for (const [part, manner] of MANNERS) {
    left -= part;
    if (left < 0) return manner;
  }
  return { kind: "takes" };
}

/** A tab, and what is known of the events that it made. */
interface Tab {
  readonly page: Page;
  readonly service: string;
  /** Were measured. */
  made: number;
  /** Are in the outbox, or were sent: a flush that was called after them has resolved. */
  confirmed: number;
}

async function openTab(
  context: BrowserContext,
  stage: Stage,
  { service, offsetMs }: { service: string; offsetMs: number },
): Promise<Tab> {
  const page = await context.newPage();
  await page.addInitScript((offsetMs) => {
    const now = Date.now;
    globalThis.clockOffsetMs = offsetMs;
    Date.now = () => now() + globalThis.clockOffsetMs;
  }, offsetMs);
  await stage.open(page);
  await page.evaluate(
    async ({ endpoint, service }) => {
      const { createSelvedge } = selvedgeModule;
      globalThis.journey = createSelvedge({
        registry: "/models",
        telemetry: { endpoint, service },
      });
      const model = await globalThis.journey.load("lande");
      const ngrams = { type: "float32", data: new Float32Array(620), dims: [1, 620] } as const;
      globalThis.predictOnce = async () => void (await model.predict({ ngrams }));
    },
    { endpoint: stage.endpoint, service },
  );
  return { page, service, made: 0, confirmed: 0 };
}

/** Predicts, and where it is to be sure, waits until the outbox has it. */
async function makeEvents(tab: Tab, count: number, isSure: boolean): Promise<void> {
  tab.made += count;
  await tab.page.evaluate(
    async ({ count, isSure }) => {
      for (let i = 0; i < count; i++) await globalThis.predictOnce();
      if (isSure) await globalThis.journey.telemetry.flush();
    },
    { count, isSure },
  );
  if (isSure) tab.confirmed = tab.made;
}

/** Ends a tab's process, whatever it is doing, as a system does that needs the memory. */
async function kill({ page }: Tab): Promise<void> {
  const crashed = page.waitForEvent("crash");
  const session = await page.context().newCDPSession(page);
  session.send("Page.crash").catch(() => undefined);
  await crashed;
  await page.close();
}

/** Sets the clock of the device, which all tabs have in common. */
async function setClocks(tabs: readonly Tab[], offsetMs: number): Promise<void> {
  const set = ({ page }: Tab) =>
    page.evaluate((ms) => {
      globalThis.clockOffsetMs = ms;
    }, offsetMs);
  await Promise.all(tabs.map(set));
}

const waiting = (page: Page) => page.evaluate(waitingBatches, null);

test(`${EVENTS} events through killed tabs, no network, failing collectors and clocks that jump: none is lost, none counts twice`, async ({
  context,
  stage,
}) => {
  const { collector } = stage;
  test.setTimeout(60_000 + EVENTS * 250);
  const random = seededRandom(SEED);
  const among = (least: number, most: number) => least + Math.floor(random() * (most - least + 1));
  const happens = (share: number) => random() < share;
  const mood = seededRandom(SEED + 1);
  collector.manner = () => mannerAt(mood());
  const all: Tab[] = [];
  const open = async () => {
    const tab = await openTab(context, stage, { service: `tab-${all.length}`, offsetMs });
    all.push(tab);
    return tab;
  };
  const made = () => all.reduce((sum, tab) => sum + tab.made, 0);
  const ends = { killed: 0, closed: 0, left: 0, offline: 0, jumps: 0 };
  let leaps = 0;
  let offsetMs = 0;

  let tabs: Tab[] = [await open(), await open()];
  while (made() < EVENTS) {
    const offline = happens(0.2);
    if (offline) ends.offline++;
    await context.setOffline(offline);
    await Promise.all(
      tabs.map((tab) => makeEvents(tab, Math.min(among(1, 30), EVENTS), happens(0.8))),
    );
    if (happens(0.6)) {
      // Each leap forward ages what waits by a day or two, and after seven it may be dropped.
      const isLeap = leaps < 3 && happens(0.3);
      if (isLeap) leaps++;
      offsetMs += (isLeap ? 30 * DAY_MS : among(1, 600) * 1000) * (happens(0.4) ? -1 : 1);
      await setClocks(tabs, offsetMs);
      ends.jumps++;
    }
    await context.setOffline(false);
    const kept: Tab[] = [];
    for (const tab of tabs) {
      if (tab.made < EVENTS_PER_TAB && !happens(0.15)) {
        kept.push(tab);
        continue;
      }
      const how = among(0, 3);
      if (how <= 1) {
        // The process ends while it sends.
        void makeEvents(tab, among(1, 5), false).catch(() => undefined);
        await kill(tab);
        ends.killed++;
      } else if (how === 2) {
        await tab.page.close({ runBeforeUnload: false });
        ends.closed++;
      } else {
        await tab.page.goto("about:blank");
        await tab.page.close();
        ends.left++;
      }
      kept.push(await open());
    }
    tabs = kept;
  }

  collector.manner = () => ({ kind: "takes" });
  for (const tab of tabs.slice(1)) {
    await makeEvents(tab, 1, true);
    await tab.page.close();
  }
  const [last] = tabs;
  if (last === undefined) throw new Error("there is always a tab");
  await makeEvents(last, 1, true);
  // Past leases of the dead, and past what the collector asked for.
  for (let i = 0; i < 20 && (await waiting(last.page)) > 0; i++) {
    offsetMs += 20 * 60_000;
    await setClocks([last], offsetMs);
    await last.page.evaluate(() => globalThis.journey.telemetry.flush());
  }

  const counted = collector.predictions;
  const sum = (of: (tab: Tab) => number) => all.reduce((total, tab) => total + of(tab), 0);
  const lost = sum((tab) => Math.max(0, tab.confirmed - (counted[tab.service] ?? 0)));
  const twice = sum((tab) => Math.max(0, (counted[tab.service] ?? 0) - tab.made));
  console.log(
    JSON.stringify({
      seed: SEED,
      tabs: all.length,
      made: made(),
      confirmed: sum((tab) => tab.confirmed),
      counted: sum((tab) => counted[tab.service] ?? 0),
      repeats: collector.repeats,
      ...ends,
      answered: collector.answered,
    }),
  );
  expect(await waiting(last.page)).toBe(0);
  expect({ lost, twice }).toEqual({ lost: 0, twice: 0 });
  expect(collector.dropped).toEqual({});
  expect(collector.changed).toEqual([]);
  expect(made()).toBeGreaterThanOrEqual(EVENTS);
});

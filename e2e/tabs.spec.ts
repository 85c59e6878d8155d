import type { BrowserContext, Page } from "@playwright/test";
import { PIECE_BYTES } from "@selvedge/protocol";
import { expect, KEEPER, startHost, test } from "./fixtures/delivery.ts";
import { beginsWith, fails, holdsAt, isSlow } from "./fixtures/host/faults.ts";
import type { MisbehavingHost } from "./fixtures/host/misbehaving-host.ts";
import { NOISY, NOISY_INPUT, versionThatAnswers } from "./fixtures/noisy-model.ts";
import { openBare } from "./fixtures/test.ts";

const SEGMENTS = /^\/models\/.*\/segments\//;

/** What a crash costs: the piece that was under way, and the one that was being written. */
const LOST_BYTES = 2 * PIECE_BYTES;

let host: MisbehavingHost;
let context: BrowserContext;
let modelBytes: number;

test.beforeEach(async ({ browser, registry }) => {
  context = await browser.newContext();
  host = await startHost(registry);
  // Slow enough for others to come while one fetches.
  host.misbehave(SEGMENTS, isSlow(1_500_000));
  modelBytes = registry.manifests["1.0.0"].segments[0]?.bytes ?? 0;
});

test.afterEach(async () => {
  await context.close();
  await host.close();
});

const segmentRequests = () => host.seen.filter(({ path }) => SEGMENTS.test(path)).length;
const sentBytes = () => host.sentOf(SEGMENTS);
const shownBytes = (page: Page) => page.evaluate(() => globalThis.loadedBytes);

/** Opens so many tabs of one browser on the page. */
async function openTabs(count: number): Promise<[Page, ...Page[]]> {
  const open = async () => {
    const page = await context.newPage();
    await openBare(page, host);
    await page.evaluate(() => {
      globalThis.selvedge = selvedgeModule.createSelvedge({ registry: "/models" });
      globalThis.loadedBytes = 0;
    });
    return page;
  };
  const tabs: [Page, ...Page[]] = [await open()];
  while (tabs.length < count) tabs.push(await open());
  return tabs;
}

/** Loads the model in a tab and asks it something. @returns which version answered, or an error's code */
async function load(page: Page): Promise<string | undefined> {
  const { answer = [], code } = await page.evaluate(
    async ({ name, input }) => {
      try {
        const model = await globalThis.selvedge.load(name, {
          onProgress: ({ phase, loaded }) => {
            if (phase === "fetch") globalThis.loadedBytes = loaded;
          },
        });
        const data = Float32Array.from(input);
        const x = { type: "float32", data, dims: [1, input.length] } as const;
        const { outputs } = await model.predict({ x });
        return { answer: Array.from(outputs["y"]?.data as Float32Array) };
      } catch (error) {
        return { code: (error as { code?: string }).code ?? String(error) };
      }
    },
    { name: NOISY, input: NOISY_INPUT },
  );
  return code ?? versionThatAnswers(answer);
}

/** Locks of Selvedge's that the browser knows of. */
const locksOf = (page: Page, state: "held" | "pending") =>
  page.evaluate(async (which) => (await navigator.locks.query())[which]?.length, state);

for (const [locks, script] of [
  ["Web Locks", ""],
  ["leases, where there are no Web Locks", "Object.defineProperty(navigator, 'locks', {});"],
] as const)
  test.describe(`with ${locks}`, () => {
    test.beforeEach(() => {
      host.misbehave(KEEPER, beginsWith(script));
    });

    for (const count of [2, 5])
      test(`${count} tabs that load a model at once fetch it once`, async () => {
        const tabs = await openTabs(count);
        const outcomes = await Promise.all(tabs.map(load));
        expect(outcomes).toEqual(tabs.map(() => "1.0.0"));
        expect(sentBytes()).toBe(modelBytes);
      });

    test("a tab that is closed while it fetches leaves the rest to the others", async () => {
      const most = Math.round(0.9 * modelBytes);
      const { fault, reached } = holdsAt(most);
      host.misbehave(SEGMENTS, fault, { times: 1 });
      const [first, ...others] = await openTabs(5);
      const abandoned = load(first).catch(() => "closed");
      await expect.poll(sentBytes).toBeGreaterThan(0);
      const loads = others.map(load);
      await reached;
      // Each tab shows how far the first one is.
      for (const tab of others)
        await expect.poll(() => shownBytes(tab)).toBeGreaterThan(most - PIECE_BYTES);
      expect(await locksOf(first, "held")).toBe(locks === "Web Locks" ? 1 : 0);
      await first.close();
      expect(await abandoned).toBe("closed");
      expect(await Promise.all(loads)).toEqual(others.map(() => "1.0.0"));
      expect(sentBytes()).toBeLessThanOrEqual(modelBytes + LOST_BYTES);
    });
  });

test.describe("with Web Locks", () => {
  test("a tab knows that another one is downloading", async () => {
    const [first, second = first] = await openTabs(2);
    const state = () =>
      second.evaluate(async (name) => (await selvedge.availability(name)).state, NOISY);
    expect(await state()).toBe("downloadable");
    const loading = load(first);
    await expect.poll(state).toBe("downloading");
    await loading;
    expect(await state()).toBe("available");
  });

  test("five tabs on a host that is down ask no more of it than one, and all say so", async () => {
    host.misbehave(SEGMENTS, fails(503, { "Retry-After": "0" }));
    const tabs = await openTabs(5);
    const [one] = tabs;
    expect(await load(one)).toBe("response-invalid");
    const ofOne = segmentRequests();
    const { fault, reached, letGo } = holdsAt(-1);
    host.misbehave(SEGMENTS, fault, { times: 1 });
    const loads = Promise.all(tabs.map(load));
    await reached;
    await expect.poll(() => locksOf(one, "pending")).toBe(4);
    letGo();
    expect(await loads).toEqual(tabs.map(() => "response-invalid"));
    expect(segmentRequests()).toBe(2 * ofOne);
    host.behave();
    expect(await load(one)).toBe("1.0.0");
  });
});

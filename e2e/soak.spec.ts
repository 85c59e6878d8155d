import { cp } from "node:fs/promises";
import { join } from "node:path";
import type { Browser, Page } from "@playwright/test";
import { browserBytes } from "./fixtures/browser-memory.ts";
import { MODEL } from "./fixtures/fault-registry.ts";
import { expect, test } from "./fixtures/faults.ts";
import { note } from "./fixtures/note.ts";
import { REGISTRY } from "./places.ts";

/** How often models are loaded and disposed of; `npm run soak` asks for 200. */
const ROUNDS = Number(process.env["SELVEDGE_ROUNDS"] ?? 14);

/** By now everything has been loaded that is loaded once. */
const FIRST_ROUNDS = 10;

/** Calls of the small model in each round; some rounds have one of a model of 11 MB besides. */
const CALLS = 100;

const LARGE = "ocr-rec";
const EVERY = 3;

test(`${ROUNDS} rounds of loading, predicting and disposing take no more memory than ${FIRST_ROUNDS} do`, async ({
  faulty: page,
  browser,
  models,
}) => {
  test.setTimeout(30_000 + ROUNDS * 10_000);
  await cp(join(REGISTRY, LARGE), join(models.folder, LARGE), { recursive: true });
  await page.evaluate(() => {
    globalThis.soaked = selvedgeModule.createSelvedge({ registry: "/models" });
  });
  expect(await soak(page, FIRST_ROUNDS)).toBe(CALLS * FIRST_ROUNDS);
  const early = await restingBytes(page, browser);
  const rounds = ROUNDS - FIRST_ROUNDS;
  expect(await soak(page, rounds)).toBe(CALLS * rounds);
  const late = await restingBytes(page, browser);
  const [before, after] = [early, late].map((bytes) => `${(bytes / 2 ** 20).toFixed(0)} MiB`);
  const times = (late / early).toFixed(3);
  note(
    "memory",
    `${times} × after ${ROUNDS} rounds (${after}) of after ${FIRST_ROUNDS} (${before})`,
  );
  expect(late / early).toBeLessThan(1.1);
});

/** Loads, asks and disposes of models, again and again. @returns how many calls were answered rightly */
function soak(page: Page, rounds: number): Promise<number> {
  return page.evaluate(
    async ({ rounds, calls, small, large, every }) => {
      const load = (name: string) => globalThis.soaked.load(name, { backend: "wasm" });
      let right = 0;
      for (let round = 0; round < rounds; round++) {
        const reader = round % every === 0 ? load(large) : undefined;
        const model = await load(small);
        const line = (await reader)?.predict({ x: blankLine() });
        right += (await callAtOnce(model, calls, { from: round * calls })).right;
        await line;
        await Promise.all([model.dispose(), (await reader)?.dispose()]);
      }
      return right;
    },
    { rounds, calls: CALLS, small: MODEL, large: LARGE, every: EVERY },
  );
}

/**
 * What the browser takes once the garbage is collected and the workers have gone: looked at every second
 * until it has not become less for three.
 */
async function restingBytes(page: Page, browser: Browser): Promise<number> {
  const devtools = await page.context().newCDPSession(page);
  let least = Number.POSITIVE_INFINITY;
  for (let since = 0; since < 3; since++) {
    await devtools.send("HeapProfiler.collectGarbage");
    await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 1000)));
    const bytes = await browserBytes(browser);
    if (bytes < least * 0.99) since = -1;
    least = Math.min(least, bytes);
  }
  await devtools.detach();
  return least;
}

declare global {
  /** The handle of the page. */
  var soaked: import("selvedge").Selvedge;
}

import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { chromium } from "playwright";

/** Far more than a visit takes; one that has not answered by then counts as one that never does. */
const DEADLINE_MS = 60_000;

/**
 * How long a browser is left alone once it is there. It goes on starting for a second, with a renderer that it
 * keeps in reserve and more: 300 ms of a core, which no page has to do with that is opened later.
 */
const REST_MS = 2_500;

/**
 * What a tab reports of a visit; times are milliseconds since its navigation.
 *
 * @typedef {{ written: string, error?: string, loadedFrom?: number, loadedAt?: number,
 *   answeredAt?: number, gap?: number, restartedIn?: number, best?: number[], total?: number }} Outcome
 */

/**
 * Opens an address in a browser of its own, in so many tabs at once, and closes it once all have
 * answered, or the deadline has passed.
 *
 * @param stayMs how long the tabs stay open after that, as a visitor does
 * @param {(page: import("playwright").Page) => Promise<void>} [then] runs in the first tab after that
 * @returns {Promise<Outcome[]>} by tab
 */
export async function visit(
  address,
  { executablePath, profile, tabs = 1, stayMs = 0, deadlineMs = DEADLINE_MS, then },
) {
  const context = await chromium.launchPersistentContext(profile, { executablePath });
  try {
    const pages = context.pages();
    while (pages.length < tabs) pages.push(await context.newPage());
    await passing(REST_MS);
    const reports = await Promise.all(pages.map((page) => reportOf(page, deadlineMs)));
    await Promise.all(pages.map((page) => page.goto(address, { waitUntil: "commit" })));
    const outcomes = await Promise.all(reports.map(({ outcome }) => outcome));
    await passing(stayMs);
    await then?.(pages[0]);
    return outcomes;
  } finally {
    await context.close();
  }
}

/** Lets a page report its outcome; resolves once it can. */
async function reportOf(page, deadlineMs) {
  let receive;
  const outcome = new Promise((resolve) => {
    const giveUp = setTimeout(() => resolve({ error: "no answer in time" }), deadlineMs);
    receive = (reported) => {
      clearTimeout(giveUp);
      resolve(reported);
    };
  });
  await page.exposeFunction("report", receive);
  return { outcome };
}

/** Gives `use` an empty profile, or a copy of one, that is gone afterwards. */
export async function withProfile(use, { like } = {}) {
  const profile = await mkdtemp(join(tmpdir(), "selvedge-bench-profile-"));
  try {
    // A browser's locks are links and sockets that mean nothing in a copy.
    const filter = (path) => !basename(path).startsWith("Singleton");
    if (like !== undefined) await cp(like, profile, { recursive: true, filter });
    return await use(profile);
  } finally {
    await rm(profile, { recursive: true, force: true, maxRetries: 5 });
  }
}

function passing(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

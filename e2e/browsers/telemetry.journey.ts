import type { ModelsAnswer } from "@selvedge/protocol";
import { type StoppableSite, startStoppableSite } from "../fixtures/stoppable-site.ts";
import { REGISTRY } from "../places.ts";
import { test as base, expect } from "./browser.ts";
import type { WebDriver } from "./web-driver.ts";

/** Longer than the page before may hold up what it was about to send as it ended. */
const LEASE_MS = 90_000;

const test = base.extend<{ site: StoppableSite }>({
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads what a fixture needs from this pattern
  site: async ({}, use) => {
    const site = await startStoppableSite({ registry: REGISTRY });
    await use(site);
    await site.end();
  },
});

/** Opens the page anew, with telemetry that may have to be agreed to. */
async function open(
  browser: WebDriver,
  { url }: StoppableSite,
  consent: "granted" | "required" = "granted",
): Promise<void> {
  await browser.goto(`${url}/bare/`);
  await browser.run(async (consent) => {
    while (document.body?.dataset["ready"] !== "true")
      await new Promise((resolve) => setTimeout(resolve, 20));
    window.selvedge = selvedgeModule.createSelvedge({
      registry: "/models",
      telemetry: { endpoint: "/v1", service: "webview", consent },
    });
  }, consent);
}

/** @returns what telemetry says of itself then */
function predict(browser: WebDriver, times: number): Promise<string> {
  return browser.run(async (times) => {
    const model = await window.selvedge.load("lande");
    const ngrams = {
      type: "float32" as const,
      data: new window.Float32Array(620),
      dims: [1, 620],
    };
    for (let i = 0; i < times; i++) await model.predict({ ngrams });
    return window.selvedge.telemetry.state;
  }, times);
}

const flush = (browser: WebDriver) => browser.run(() => window.selvedge.telemetry.flush());

async function counted({ url }: StoppableSite): Promise<number> {
  const answer: ModelsAnswer = await (await fetch(`${url}/api/models`)).json();
  const versions = answer.models.flatMap((model) => model.versions);
  return versions.reduce((sum, { predictions }) => sum + predictions, 0);
}

test.beforeEach(async ({ browserUnderTest, site }) => {
  // What a test before this one has left on the device is of another origin: each site has a port of its own.
  await open(browserUnderTest, site);
});

test("what was measured arrives, and what a page leaves behind does too", async ({
  browserUnderTest,
  site,
}) => {
  expect(await predict(browserUnderTest, 5)).toBe("enabled");
  await flush(browserUnderTest);
  await expect.poll(() => counted(site)).toBe(5);
  await predict(browserUnderTest, 2);
  await open(browserUnderTest, site);
  await expect
    .poll(
      async () => {
        await flush(browserUnderTest);
        return counted(site);
      },
      { timeout: LEASE_MS },
    )
    .toBe(7);
});

test("nothing is measured before the user agrees, nor after they have changed their mind", async ({
  browserUnderTest,
  site,
}) => {
  await open(browserUnderTest, site, "required");
  await predict(browserUnderTest, 3);
  await flush(browserUnderTest);
  await browserUnderTest.run(() => window.selvedge.telemetry.enable());
  expect(await predict(browserUnderTest, 2)).toBe("enabled");
  await flush(browserUnderTest);
  await expect.poll(() => counted(site)).toBe(2);
  await open(browserUnderTest, site, "required");
  expect(await predict(browserUnderTest, 1)).toBe("enabled");
  await flush(browserUnderTest);
  await browserUnderTest.run(() => window.selvedge.telemetry.disable());
  expect(await predict(browserUnderTest, 4)).toBe("disabled");
  await flush(browserUnderTest);
  await browserUnderTest.run(() => window.selvedge.telemetry.erase());
  await expect.poll(() => counted(site)).toBe(3);
});

test("what is measured while nobody can be reached waits, past the page, and is counted once", async ({
  browserUnderTest,
  site,
}) => {
  await predict(browserUnderTest, 1);
  await flush(browserUnderTest);
  await expect.poll(() => counted(site)).toBe(1);
  await site.stop();
  await predict(browserUnderTest, 4);
  await flush(browserUnderTest);
  await browserUnderTest.goto("about:blank");
  await site.start();
  await open(browserUnderTest, site);
  await expect
    .poll(
      async () => {
        await flush(browserUnderTest);
        return counted(site);
      },
      { timeout: LEASE_MS },
    )
    .toBe(5);
});

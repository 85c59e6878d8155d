import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "@playwright/test";
import type { ModelsAnswer } from "@selvedge/protocol";
import { build } from "vite";
import { expect, type StoppableSite, test } from "./fixtures/stoppable-site.ts";
import { storedRecords } from "./fixtures/stored-records.ts";
import { openBare } from "./fixtures/test.ts";
import { DEMO, ROOT } from "./places.ts";

/** Opens the demo and waits until its models are ready. */
async function openDemo(page: Page, { url }: { url: string }): Promise<void> {
  await page.goto(`${url}/demo/`);
  await untilReady(page);
}

async function untilReady(page: Page): Promise<void> {
  await expect(page.getByTestId("status")).toHaveAttribute("data-state", "ready", {
    timeout: 60_000,
  });
}

/** Waits until the page says that it will open without a network. */
async function untilKept(page: Page): Promise<void> {
  await expect(page.locator("[data-offline=ready]")).toBeAttached({ timeout: 20_000 });
}

/** Has the first sample read. @returns its lines */
async function readSample(page: Page): Promise<string[]> {
  await page.locator("#samples button").first().click();
  await expect(page.getByTestId("status")).toContainText("read on this device", {
    timeout: 60_000,
  });
  return page.getByTestId("lines").getByTestId("line-text").allTextContents();
}

/** What goes wrong in the page, but for the browser's own note of each request that found no server. */
function watchErrors(page: Page): string[] {
  const errors: string[] = [];
  page.on("pageerror", (error) => errors.push(error.message));
  page.on("console", (message) => {
    const isOurs = !/^Failed to load resource: net::ERR_/.test(message.text());
    if (message.type() === "error" && isOurs) errors.push(message.text());
  });
  return errors;
}

async function predictionsOf(page: Page, { url }: StoppableSite): Promise<number> {
  const answer: ModelsAnswer = await (await page.request.get(`${url}/api/models`)).json();
  return answer.models
    .flatMap(({ versions }) => versions)
    .reduce((sum, { predictions }) => sum + predictions, 0);
}

/** Builds the demo as its next deployment: another page, with another script. */
async function buildNext(outDir: string): Promise<void> {
  await build({
    root: join(ROOT, "demo"),
    configFile: join(ROOT, "demo/vite.config.ts"),
    logLevel: "error",
    build: { outDir, emptyOutDir: true },
    plugins: [
      {
        name: "next-deployment",
        transformIndexHtml: (html) => html.replace("<title>", "<title>Next: "),
        transform: (code, id) =>
          id.endsWith("src/main.ts") ? `${code}\ndocument.body.dataset.deployment = "next";` : null,
      },
    ],
  });
}

test("the demo works with its server gone, and what it measured arrives when the server is back", async ({
  page,
  server,
}) => {
  const errors = watchErrors(page);
  await openDemo(page, server);
  const lines = await readSample(page);
  expect(lines.length).toBeGreaterThan(0);
  await untilKept(page);
  await expect.poll(() => predictionsOf(page, server), { timeout: 20_000 }).toBeGreaterThan(0);
  const counted = await predictionsOf(page, server);

  await server.stop();
  await page.reload();
  await untilReady(page);
  await expect(page.getByTestId("fetched")).toHaveText("nothing");
  expect(await readSample(page)).toEqual(lines);
  expect(errors).toEqual([]);

  await server.start();
  await page.getByRole("button", { name: "What was sent" }).click();
  await expect
    .poll(() => predictionsOf(page, server), { timeout: 30_000 })
    .toBeGreaterThan(counted);
});

test("the page says when there is no network, and stops saying so", async ({
  page,
  server,
  context,
}) => {
  await openDemo(page, server);
  await expect(page.locator("#place")).toHaveText("runs on this device");
  await context.setOffline(true);
  await expect(page.locator("#place")).toHaveText("runs here, offline");
  await context.setOffline(false);
  await expect(page.locator("#place")).toHaveText("runs on this device");
});

test.describe("a deployment", () => {
  let folder: string;
  test.beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "selvedge-e2e-demo-"));
  });
  test.beforeEach(() => cp(DEMO, folder, { recursive: true }));
  test.afterAll(() => rm(folder, { recursive: true, force: true }));
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads what a fixture needs from this pattern
  test.use({ demo: async ({}, use) => use(folder) });

  test("shows at the next visit, leaves an open tab its files, and is whole without a server", async ({
    page,
    context,
    server,
  }) => {
    await openDemo(page, server);
    await untilKept(page);
    const engine = await page.evaluate(
      () =>
        performance.getEntriesByType("resource").find(({ name }) => /\/keeper-/.test(name))?.name,
    );
    const scripts = (of: Page) => of.evaluate(() => [...document.scripts].map(({ src }) => src));
    const [old] = await scripts(page);

    await buildNext(folder);
    const visit = await context.newPage();
    const errors = watchErrors(visit);
    await openDemo(visit, server);
    await expect(visit).toHaveTitle(/^Next:/);
    await untilKept(visit);
    await expect.poll(() => keptPages(visit)).toBe(2);
    await untilActive(visit);

    // The first tab has not been reloaded, and may still start what it was built with.
    expect(await page.title()).not.toMatch(/^Next:/);
    for (const url of [old, engine]) {
      const status = await page.evaluate(async (url) => (await fetch(url)).status, String(url));
      expect(status).toBe(200);
    }

    await server.stop();
    await visit.reload();
    await untilReady(visit);
    await expect(visit).toHaveTitle(/^Next:/);
    await expect(visit.locator("body")).toHaveAttribute("data-deployment", "next");
    expect(await scripts(visit)).not.toEqual([old]);
    expect(errors).toEqual([]);
  });

  test("that is half there is not kept, and the one before it goes on", async ({
    page,
    server,
  }) => {
    await openDemo(page, server);
    await untilKept(page);
    const before = await page.title();

    await buildNext(folder);
    await cp(join(DEMO, "index.html"), join(folder, "index.html"));
    await page.reload();
    const fate = await page.evaluate(async () => {
      const registration = await navigator.serviceWorker.ready;
      const found = new Promise<ServiceWorker | null>((resolve) => {
        registration.onupdatefound = () => resolve(registration.installing);
      });
      await registration.update().catch(() => undefined);
      const worker = await found;
      return new Promise<string>((resolve) => {
        const look = () =>
          ["redundant", "activated"].includes(worker?.state ?? "") && resolve(worker?.state ?? "");
        worker?.addEventListener("statechange", look);
        look();
      });
    });
    expect(fate).toBe("redundant");

    await server.stop();
    await page.reload();
    await untilReady(page);
    expect(await page.title()).toBe(before);
  });

  test("that holds the kill switch of the guide forgets the page, and leaves the models", async ({
    page,
    server,
  }) => {
    await openDemo(page, server);
    await untilKept(page);
    const guide = await readFile(join(ROOT, "docs/offline.md"), "utf8");
    const [, killSwitch = ""] = /## The kill switch[\s\S]*?```js\n([\s\S]*?)```/.exec(guide) ?? [];
    await writeFile(join(folder, "service-worker.js"), killSwitch);
    await page.evaluate(async () => {
      await (await navigator.serviceWorker.ready).update();
    });
    await expect.poll(() => page.evaluate(() => caches.keys())).toEqual([]);
    await expect
      .poll(() =>
        page.evaluate(async () => (await navigator.serviceWorker.getRegistrations()).length),
      )
      .toBe(0);
    expect(await storedRecords(page, "packs")).toHaveLength(3);
  });
});

/** How many deployments of the page the browser keeps. */
function keptPages(page: Page): Promise<number> {
  return page.evaluate(async () => {
    const names = await caches.keys();
    return names.filter((name) => name.startsWith("page ")).length;
  });
}

/** Waits until the newest deployment that was found answers: its files are kept before it does. */
async function untilActive(page: Page): Promise<void> {
  await expect
    .poll(() =>
      page.evaluate(async () => {
        const { installing, waiting, active } = await navigator.serviceWorker.ready;
        return installing === null && waiting === null && active?.state === "activated";
      }),
    )
    .toBe(true);
}

test("a page without a service worker loads what is stored, and says what is not", async ({
  page,
  server,
  context,
}) => {
  await openBare(page, server);
  await page.evaluate(async () => {
    globalThis.selvedge = selvedgeModule.createSelvedge({ registry: "/models" });
    const model = await selvedge.load("lande");
    await model.dispose();
  });
  await context.setOffline(true);
  const offline = await page.evaluate(async () => {
    const model = await selvedge.load("lande");
    const data = new Float32Array(620).fill(0.01);
    const { outputs } = await model.predict({ ngrams: { type: "float32", data, dims: [1, 620] } });
    const { state } = await selvedge.availability("lande");
    const elsewhere = await selvedge.availability("ocr-rec");
    const startedAt = performance.now();
    const { code, message } = await selvedge.load("ocr-rec").then(
      () => ({ code: "none", message: "" }),
      (error: InstanceType<typeof selvedgeModule.SelvedgeError>) => error,
    );
    return {
      values: Object.values(outputs)[0]?.data.length,
      state,
      elsewhere,
      code,
      message,
      ms: performance.now() - startedAt,
    };
  });
  expect(offline).toMatchObject({ values: 50, state: "available", code: "network" });
  expect(offline.message).toMatch(/offline/);
  expect(offline.elsewhere).toMatchObject({ state: "unavailable", bytes: 0 });
  expect(offline.elsewhere.reasons.join()).toMatch(/offline/);
  test.info().annotations.push({ type: "refused after", description: `${offline.ms} ms` });

  await context.setOffline(false);
  const backend = await page.evaluate(async () => {
    const model = await selvedge.load("ocr-rec");
    return model.info.backend;
  });
  expect(backend).toBe("wasm");
});

import type { Page } from "@playwright/test";
import type { FailuresAnswer, ModelsAnswer } from "@selvedge/protocol";
import { expect, openBare, type Site, test } from "./fixtures/test.ts";

/** Predicts a number of times, and leaves what was measured to the page. */
function predict(page: Page, times: number): Promise<void> {
  return page.evaluate(async (times) => {
    const selvedge = selvedgeModule.createSelvedge({
      registry: "/models",
      telemetry: { endpoint: "/v1", service: "e2e" },
    });
    const model = await selvedge.load("lande");
    const ngrams = { type: "float32", data: new Float32Array(620), dims: [1, 620] } as const;
    for (let i = 0; i < times; i++) await model.predict({ ngrams });
  }, times);
}

async function counted(page: Page, site: Site): Promise<number> {
  const answer: ModelsAnswer = await (await page.request.get(`${site.url}/api/models`)).json();
  const versions = answer.models.flatMap((model) => model.versions);
  return versions.reduce((sum, { predictions }) => sum + predictions, 0);
}

test("what was measured just before the page went away is counted, once", async ({
  bare: page,
  site,
}) => {
  await predict(page, 7);
  await page.goto("about:blank");
  await expect.poll(() => counted(page, site)).toBe(7);
  // The keeper may have kept a copy of what the page sent: on the next visit it is sent again.
  await openBare(page, site);
  await predict(page, 1);
  await page.goto("about:blank");
  await expect.poll(() => counted(page, site)).toBe(8);
});

test("what a collector refuses for now waits in the outbox, past the page, and is counted once", async ({
  bare: page,
  context,
  site,
}) => {
  let refused = 0;
  await context.route(/\/v1\/metrics/, (route) => {
    refused += 1;
    return route.fulfill({ status: 503 });
  });
  await predict(page, 5);
  await expect.poll(() => refused, { timeout: 15_000 }).toBeGreaterThan(0);
  await page.goto("about:blank");
  await context.unroute(/\/v1\/metrics/);
  expect(await counted(page, site)).toBe(0);
  await openBare(page, site);
  await predict(page, 1);
  await expect.poll(() => counted(page, site), { timeout: 15_000 }).toBe(6);
});

test("failures are counted by their code", async ({ bare: page, site }) => {
  await page.evaluate(async () => {
    const selvedge = selvedgeModule.createSelvedge({
      registry: "/models",
      telemetry: { endpoint: "/v1" },
    });
    await selvedge.load("no-such-model").catch(() => undefined);
    const model = await selvedge.load("lande");
    await model.predict({}).catch(() => undefined);
    await selvedge.telemetry.flush();
  });
  const answer: FailuresAnswer = await (await page.request.get(`${site.url}/api/failures`)).json();
  const found = answer.failures.map(({ model, operation, code, count }) => [
    model,
    operation,
    code,
    count,
  ]);
  expect(found.sort()).toEqual([
    ["lande", "predict", "input-missing", 1],
    ["no-such-model", "load", "not-found", 1],
  ]);
});

test("the dashboard shows what devices measured", async ({ bare: page, site }) => {
  await predict(page, 3);
  await page.goto(`${site.url}/`);
  const models = page.getByRole("table", { name: /models/i });
  await expect(models.getByRole("row", { name: /lande/ })).toBeVisible();
  const version = models.getByRole("row", { name: /1\.0\.0/ });
  await expect(version.getByRole("cell", { name: "3", exact: true })).toBeVisible();
  await expect(page.locator("canvas").first()).toBeVisible();
});

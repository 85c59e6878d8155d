import type { BrowserContext, Page } from "@playwright/test";
import { storedRecords } from "./fixtures/stored-records.ts";
import { expect, openBare, test } from "./fixtures/test.ts";

/**
 * onnxruntime, which takes a second longer to create a session of a model: in a browser that keeps no code,
 * as one for tests, compiling takes so long that there would be little to gain by waking.
 */
const SLOW_TO_LOAD = `
  import * as real from "./ort.wasm.min.mjs?real";
  export const { env, Tensor } = real;
  export const InferenceSession = {
    async create(graph, options) {
      if (graph.byteLength > 1) await new Promise((done) => setTimeout(done, 1000));
      return real.InferenceSession.create(graph, options);
    },
  };
`;

async function slowDownLoading(context: BrowserContext): Promise<void> {
  await context.route(/ort\.wasm\.min\.mjs/, (route) =>
    route.request().url().endsWith("?real")
      ? route.continue()
      : route.fulfill({ contentType: "text/javascript", body: SLOW_TO_LOAD }),
  );
}

/** Loads lande and predicts. @returns how its engine came to be, and the answer */
function start(page: Page, cache = {}) {
  return page.evaluate(async (cache) => {
    const selvedge = selvedgeModule.createSelvedge({ registry: "/models", cache });
    const model = await selvedge.load("lande", { backend: "wasm" });
    const data = new Float32Array(620).map((_, i) => (i % 31) / 310);
    const { outputs } = await model.predict({ ngrams: { type: "float32", data, dims: [1, 620] } });
    const probabilities = outputs["probabilities"]?.data as Float32Array;
    const { start, timings } = model.info;
    const [pack] = await selvedge.cache.list();
    const { models } = await selvedge.cache.estimate();
    const report = String(await selvedge.diagnose());
    return { start, timings, probabilities: [...probabilities], pack, models, report };
  }, cache);
}

/** Waits until it is known whether lande is worth an image, and expects that it is. */
async function untilWritten(page: Page): Promise<void> {
  await expect.poll(() => verdictOn(page), { timeout: 90_000 }).toBeDefined();
  expect(await verdictOn(page)).toMatchObject({ image: "made" });
  const hint = await page.evaluate(() => localStorage.getItem("selvedge.image lande"));
  expect(hint).toMatch(/^run /);
}

/** What came of writing an engine down, as the device remembers it. */
async function verdictOn(page: Page): Promise<unknown> {
  const verdicts = await storedRecords<{ candidate: string }>(page, "verdicts");
  return verdicts.find(({ candidate }) => candidate.startsWith("image "));
}

test("a model that was proven is woken on the next visit, answers the same to the bit, and says so", async ({
  page,
  context,
  site,
}) => {
  test.setTimeout(180_000);
  await slowDownLoading(context);
  await openBare(page, site);
  const first = await start(page);
  expect(first.start).toMatchObject({ step: "none", code: "not-known" });
  await untilWritten(page);

  await openBare(page, site);
  const second = await start(page);
  expect(second.start).toMatchObject({ code: "woken" });
  expect(second.start.image?.bytes).toBeGreaterThan(100_000);
  expect(second.timings.wakeMs).toBeGreaterThan(0);
  expect(second.pack?.imageBytes).toBe(second.start.image?.bytes);
  expect(second.models).toBe((second.pack?.bytes ?? 0) + (second.pack?.imageBytes ?? 0));
  expect(second.report).toContain("woken from");

  await openBare(page, site);
  const third = await start(page);
  expect(third.start.code).toBe("woken");
  expect(third.probabilities).toEqual(second.probabilities);
  const timings = { first: first.timings, second: second.timings, third: third.timings };
  test.info().annotations.push({ type: "timings", description: JSON.stringify(timings) });

  // The demo, which is of the same origin, shows to people how it came to be there. Where there are few
  // cores, its third model shares a worker.
  await page.addInitScript(() => {
    Object.defineProperty(navigator, "hardwareConcurrency", { value: 8 });
  });
  await page.goto(`${site.url}/demo/diagnose.html`);
  const shown = page.locator("[data-model=lande] [data-start=woken]");
  await expect(shown).toHaveText(/^Woken.+from an image of .+: read in .+, put back in /);
  await expect(shown).not.toHaveAttribute("data-setback");

  // Whoever may not keep images has none from then on.
  await openBare(page, site);
  const fourth = await start(page, { images: false });
  expect(fourth.start).toMatchObject({ step: "none", code: "off" });
  fourth.probabilities.forEach((probability, i) => {
    expect(probability).toBeCloseTo(third.probabilities[i] ?? Number.NaN, 5);
  });
  await expect.poll(async () => (await start(page)).pack?.imageBytes).toBe(0);
});

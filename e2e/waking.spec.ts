import type { Page } from "@playwright/test";
import { expect, openBare, test } from "./fixtures/test.ts";

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

/** Waits until a page has been told that there is an image. */
async function untilWritten(page: Page): Promise<void> {
  const hint = () => page.evaluate(() => localStorage.getItem("selvedge.image lande"));
  await expect.poll(hint, { timeout: 90_000 }).not.toBeNull();
}

test("a model that was proven is woken on the next visit, answers the same to the bit, and says so", async ({
  page,
  site,
}) => {
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

  // Whoever may not keep images has none from then on.
  await openBare(page, site);
  const fourth = await start(page, { images: false });
  expect(fourth.start).toMatchObject({ step: "none", code: "off" });
  fourth.probabilities.forEach((probability, i) => {
    expect(probability).toBeCloseTo(third.probabilities[i] ?? Number.NaN, 5);
  });
  await expect.poll(async () => (await start(page)).pack?.imageBytes).toBe(0);
});

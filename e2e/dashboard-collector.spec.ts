import type { Page } from "@playwright/test";
import { expect, test } from "./fixtures/test.ts";

/** Predicts twice and fails once, and sends what was measured. */
function measure(page: Page): Promise<void> {
  return page.evaluate(async () => {
    const selvedge = selvedgeModule.createSelvedge({
      registry: "/models",
      telemetry: { endpoint: "/v1", service: "e2e" },
    });
    const model = await selvedge.load("lande");
    const ngrams = { type: "float32", data: new Float32Array(620), dims: [1, 620] } as const;
    for (let i = 0; i < 2; i++) await model.predict({ ngrams });
    await model.predict({}).catch(() => undefined);
    await selvedge.telemetry.flush();
    await selvedge.close();
  });
}

const VIEWS = [
  "fleet",
  "model&model=lande",
  "compare&model=lande&a=1.0.0&b=2.0.0",
  "drift&model=lande",
  "failures",
  "prediction&id=no-such-id",
  "alerts",
];

test("every page understands what the collector answers", async ({ bare: page, site }) => {
  await measure(page);
  for (const view of VIEWS) {
    await page.goto(`${site.url}/?view=${view}`);
    // Drift is read day by day the first time: a page is there when all of its answers are.
    await page.getByRole("heading", { level: 1 }).waitFor();
    await expect(page.locator("main[aria-busy=false]")).toBeVisible();
    await expect(page.locator(".part-fault, .fault"), view).toHaveCount(0);
  }
  await page.goto(`${site.url}/?view=failures`);
  const missing = page.getByRole("region", { name: "input-missing" });
  await expect(missing.getByRole("table", { name: /^Where input-missing/ })).toContainText("lande");
  await expect(missing.getByRole("table", { name: "Device class" })).toContainText("100%");
});

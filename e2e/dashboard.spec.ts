import type { Page } from "@playwright/test";
import { PREDICTION_ID } from "./fixtures/dashboard/prediction.ts";
import { expect, test } from "./fixtures/dashboard-test.ts";

const heading = (page: Page, name: string | RegExp) =>
  page.getByRole("heading", { level: 1, name });

test("fleet: every model with its failures and p95, what fires, what it runs on, what was dropped", async ({
  page,
  site,
}) => {
  await page.goto(site.url);
  await expect(heading(page, "Fleet")).toBeVisible();
  const models = page.getByRole("table", { name: "Models and versions seen" });
  for (const name of ["ocr-rec", "penguins", "spam-filter"])
    await expect(models.getByRole("rowheader", { name })).toBeVisible();
  const newest = models.getByRole("row", { name: /^1\.5\.0/ });
  await expect(newest.getByRole("cell", { name: "15,240", exact: true })).toBeVisible();
  await expect(newest).toContainText("1.3%");
  await expect(newest).toContainText("115");
  await expect(page.getByRole("region", { name: "Needs attention" })).toContainText(
    "failures-high",
  );
  const devices = page.getByRole("table", { name: "Device class" });
  await expect(devices.getByRole("row", { name: /Desktop, strong/ })).toContainText("46%");
  await expect(page.getByRole("table", { name: "Reports that devices dropped" })).toContainText(
    "41",
  );
  await expect(page.getByRole("region", { name: "Collector" })).toContainText("184");
  await models.getByRole("link", { name: "penguins" }).click();
  await expect(heading(page, "penguins")).toBeFocused();
  await expect(page).toHaveURL(/view=model.*model=penguins/);
});

test("a model: latency, health by device class, accuracy with its interval, calibration, confusion", async ({
  page,
  site,
}) => {
  await page.goto(`${site.url}/?model=penguins`);
  await expect(heading(page, "penguins")).toBeVisible();
  await expect(page.getByRole("slider", { name: /^Latency, p95/ })).toBeVisible();
  await page.getByRole("radio", { name: "Device" }).check();
  const health = page.getByRole("table", { name: /^Health .* by device/ });
  await expect(health.getByRole("rowheader", { name: "Phone, weak" })).toBeVisible();
  await page.reload();
  await expect(health.getByRole("rowheader", { name: "Phone, weak" })).toBeVisible();
  const accuracy = page.getByRole("table", { name: /^Accuracy by version/ });
  await expect(accuracy.getByRole("row", { name: /2\.1\.0/ })).toContainText("94% 92.6%–95.2%");
  await expect(accuracy.getByRole("cell", { name: "≥ 1.64%" })).toContainText(
    /1\s?–\s?7 Jun \(UTC\)/,
  );
  for (const title of [/^Calibration 2\.1\.0/, /^Confusion 2\.1\.0/])
    await expect(page.getByRole("heading", { name: title })).toContainText(/1\s?–\s?7 Jun \(UTC\)/);
  const calibration = page.getByRole("table", { name: /^Calibration/ });
  await expect(calibration.getByRole("row", { name: /90–100%/ })).toContainText("98.8%");
  const confusion = page.getByRole("table", { name: /^True classes/ });
  const adelie = confusion.getByRole("row", { name: /^Adelie/ });
  await expect(adelie.getByRole("cell")).toHaveText(["512", "61", "56"]);
  await expect(
    page.getByText("83 more, of pairs too rare to tell (–) or without classes."),
  ).toBeVisible();
});

test("a version narrows the page about its model, and Back widens it", async ({ page, site }) => {
  await page.goto(`${site.url}/?view=model&model=ocr-rec`);
  const versions = page.getByRole("table", { name: /^Latency of predictions/ });
  const failures = page.getByRole("table", { name: /^Failures .* by error code/ });
  await expect(versions.getByRole("row", { name: /1\.4\.0/ })).toHaveCount(2);
  await expect(failures.getByRole("row", { name: /1\.4\.0/ }).first()).toBeVisible();
  await page.getByRole("combobox", { name: "Version" }).selectOption("1.5.0");
  await expect(page).toHaveURL(/version=1\.5\.0/);
  await expect(versions.getByRole("row", { name: /1\.4\.0/ })).toHaveCount(0);
  await expect(failures.getByRole("row", { name: /1\.5\.0/ }).first()).toBeVisible();
  await expect(failures.getByRole("row", { name: /1\.4\.0/ })).toHaveCount(0);
  await page.goBack();
  await expect(versions.getByRole("row", { name: /1\.4\.0/ })).toHaveCount(2);
});

test("a comparison: each figure of both versions, the difference with its interval, a verdict", async ({
  page,
  site,
}) => {
  await page.goto(`${site.url}/?view=compare&model=ocr-rec`);
  await expect(heading(page, "1.5.0 against 1.4.0")).toBeVisible();
  const table = page.getByRole("table", { name: "Version 1.5.0 against version 1.4.0" });
  const failures = table.getByRole("row", { name: /^Failure rate/ });
  await expect(failures).toContainText("+1.1% +0.91% … +1.3%");
  await expect(failures).toContainText("B is worse");
  const accuracy = table.getByRole("row", { name: /^Accuracy/ });
  await expect(accuracy).toContainText("Too few to say");
  await expect(accuracy.locator(".interval")).toHaveCount(0);
  // The interval lies where its numbers say: the worse right of zero, the undecided on both sides of it.
  const [zero, worse] = await boxes(failures.locator(".interval-zero, .interval-range"));
  expect(worse?.x).toBeGreaterThan(zero?.x ?? Number.POSITIVE_INFINITY);
  const p95 = table.getByRole("row", { name: /^Latency p95/ });
  const [middle, range] = await boxes(p95.locator(".interval-zero, .interval-range"));
  expect(range?.x).toBeLessThan(middle?.x ?? 0);
  expect((range?.x ?? 0) + (range?.width ?? 0)).toBeGreaterThan(middle?.x ?? Number.MAX_VALUE);
  await page.getByRole("link", { name: "Swap A and B" }).click();
  await expect(heading(page, "1.4.0 against 1.5.0")).toBeVisible();
});

test("drift: the furthest first, both histograms on one scale, and each bin read out", async ({
  page,
  site,
}) => {
  await page.goto(`${site.url}/?view=drift&model=penguins`);
  const features = page.getByRole("article");
  await expect(features.getByRole("heading")).toHaveText([
    "bill_length_mm",
    "island",
    "probabilities.confidence",
    "flipper_length_mm",
    "sex",
    "body_mass_g",
  ]);
  const bill = page.getByRole("article", { name: "bill_length_mm" });
  await expect(bill).toContainText("Drifting");
  await expect(bill).toContainText("0.41");
  // The slider over the bins reads one at a time.
  const bins = bill.getByRole("slider", { name: /bill_length_mm/ });
  await bins.focus();
  await page.keyboard.press("Home");
  await expect(bins).toHaveAttribute("aria-valuetext", /≤ 34\.0: reference .*%, observed .*%/);
  await page.keyboard.press("ArrowRight");
  await expect(bins).toHaveAttribute("aria-valuetext", /^\(34\.0, 36\.5\]: .* observed/);
  await bill.getByText("As a table").click();
  const table = bill.getByRole("table", { name: "Bins of bill_length_mm" });
  await expect(table.getByRole("row", { name: /> 54\.0/ })).toHaveText(/%.*%/);
  await expect(page.getByRole("article", { name: "sex" })).toContainText(
    "no verdict under 500 contributors: 212",
  );
  const unseen = page.getByRole("article", { name: "body_mass_g" });
  await expect(unseen).toContainText("Fewer than 50 contributors (31 so far)");
  await expect(unseen.getByRole("slider")).toHaveCount(0);
  await page.getByRole("radio", { name: "Week before" }).check();
  await expect(page).toHaveURL(/baseline=previous/);
  await expect(bill).toContainText("week before");
  expect(site.asked.some((path) => /\/api\/drift.*baseline=previous/.test(path))).toBe(true);
});

test("failures: what a code means, where it came from, on which devices, and where all are told", async ({
  page,
  site,
}) => {
  await page.goto(`${site.url}/?view=failures`);
  const lost = page.getByRole("region", { name: "device-lost" });
  await expect(lost).toContainText("The GPU was reset or taken away");
  await expect(lost.getByRole("table", { name: /^Where device-lost/ })).toContainText("webgpu");
  const classes = lost.getByRole("table", { name: "Device class" });
  await expect(classes.getByRole("row", { name: /Phone, weak/ })).toContainText("129");
  await lost.getByRole("link", { name: /docs\/errors\.md/ }).click();
  await expect(page).toHaveURL(/errors\.html#device-lost/);
  await expect(page.locator("#device-lost")).toBeInViewport();
});

test("a prediction is found by its id, and drawn as its steps in time", async ({ page, site }) => {
  await page.goto(`${site.url}/?view=prediction`);
  await expect(page.getByText("Every answer carries one")).toBeVisible();
  await page.getByLabel("Prediction id").fill(PREDICTION_ID);
  await page.keyboard.press("Enter");
  const timeline = page.getByRole("table", { name: /^Steps of prediction/ });
  await expect(timeline.getByRole("rowheader")).toHaveText([
    "selvedge.predict span",
    "queue span",
    "run span",
    "read back span",
    "selvedge.prediction record",
  ]);
  const [whole, queue, run] = await boxes(timeline.locator(".timeline-bar"));
  expect(run?.width).toBeGreaterThan(queue?.width ?? Number.POSITIVE_INFINITY);
  expect(run?.x).toBeGreaterThan((queue?.x ?? 0) + (queue?.width ?? 0));
  expect(run?.width).toBeLessThan(whole?.width ?? 0);
  await expect(page.getByRole("region", { name: "Record" })).toContainText("nvidia ampere");
  await page.getByLabel("Prediction id").fill("no-such-id");
  await page.getByRole("button", { name: "Find" }).click();
  await expect(page.getByRole("heading", { name: "Nothing of it was received" })).toBeVisible();
  await page.goBack();
  await expect(page.getByRole("region", { name: "Record" })).toBeVisible();
});

test("alerts: what fires first, what it is about, and what changed", async ({ page, site }) => {
  await page.goto(`${site.url}/?view=alerts`);
  const rules = page.getByRole("table", { name: /^Alert rules/ });
  await expect(rules.locator("tbody tr .chip")).toHaveText([
    "Firing",
    "Firing",
    "Pending",
    "No data",
    "OK",
  ]);
  await expect(rules.getByRole("row", { name: /features-drift/ })).toContainText("bill_length_mm");
  await expect(rules.getByRole("cell", { name: "1.31%" })).toBeVisible();
  const changes = page.getByRole("table", { name: "Changes of alerts" });
  await expect(changes.getByRole("row", { name: /features-drift/ })).toContainText("not reached");
  await expect(page.getByRole("link", { name: "Alerts 2 firing" })).toBeVisible();
  site.instead.set("alerts", { rules: [], history: [] });
  await page.goto(`${site.url}/?view=alerts`);
  await expect(page.getByText("Nothing is watched yet")).toBeVisible();
});

async function boxes(locator: ReturnType<Page["locator"]>) {
  return await locator.evaluateAll((elements) =>
    elements.map((element) => {
      const { x, width } = element.getBoundingClientRect();
      return { x, width };
    }),
  );
}

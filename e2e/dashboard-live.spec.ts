import { expect, test } from "./fixtures/dashboard-test.ts";

test("figures are refreshed by themselves, but not while paused", async ({ page, site }) => {
  await page.clock.install();
  await page.goto(site.url);
  await page.getByRole("heading", { name: "Fleet" }).waitFor();
  const questions = () => site.asked.filter((path) => path.startsWith("/api/models")).length;
  const before = questions();
  await page.clock.runFor(6_000);
  await expect.poll(questions).toBeGreaterThan(before);
  await page.getByRole("button", { name: "Pause" }).click();
  await expect(page.getByText("Paused")).toBeVisible();
  await expect(page.locator("main")).toHaveAttribute("aria-busy", "false");
  const paused = questions();
  await page.clock.runFor(60_000);
  expect(questions()).toBe(paused);
});

test("a collector that fails leaves the figures, marked with when they are from", async ({
  page,
  site,
}) => {
  await page.clock.install();
  await page.goto(site.url);
  const models = page.getByRole("table", { name: "Models and versions seen" });
  await expect(models).toBeVisible();
  site.instead.set("models", 503);
  await page.clock.runFor(6_000);
  const fault = page.getByRole("alert");
  await expect(fault).toContainText("The collector answered 503");
  await expect(fault).toContainText("Shown is the last hour as of");
  await expect(page.getByText("Stale since")).toBeVisible();
  await expect(models).toBeVisible();
  site.instead.delete("models");
  await fault.getByRole("button", { name: "Try now" }).click();
  await expect(fault).toHaveCount(0);
});

test("a question that fails does so in its place, and says what to do", async ({ page, site }) => {
  site.instead.set("health", { groups: "none" });
  site.instead.set("alerts", 404);
  await page.goto(site.url);
  const devices = page.getByRole("region", { name: "Where it runs" });
  await expect(devices).toContainText("not one this page understands");
  await expect(devices).toContainText("reload the page");
  await expect(page.getByRole("table", { name: "Models and versions seen" })).toBeVisible();
});

test("a collector nobody has sent anything to says how to begin", async ({ page, site }) => {
  site.instead.set("models", { models: [] });
  await page.goto(site.url);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(
    "No device has reported in the last hour",
  );
  await expect(page.getByText("createSelvedge({")).toBeVisible();
  await page.getByRole("button", { name: "Look back 7 days" }).click();
  await expect(page).toHaveURL(/range=7d/);
});

test("a read token is asked for, kept for the tab, sent as a bearer, and forgotten on demand", async ({
  page,
  site,
}) => {
  site.token = "read-me";
  await page.goto(`${site.url}/?view=alerts`);
  const field = page.getByLabel("Read token");
  await field.fill("wrong");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("alert")).toContainText("does not take this token");
  await expect(page.getByRole("table")).toHaveCount(0);
  await field.fill("read-me");
  await page.getByRole("button", { name: "Sign in" }).click();
  const rules = page.getByRole("table", { name: /^Alert rules/ });
  await expect(rules).toBeVisible();
  await page.reload();
  await expect(rules).toBeVisible();
  expect(page.url()).not.toContain("read-me");
  expect(await page.evaluate(() => [localStorage.length, document.cookie])).toEqual([0, ""]);
  await page.getByRole("button", { name: "Sign out" }).click();
  await expect(field).toBeVisible();
  await expect(rules).toHaveCount(0);
});

test("a name that is markup is shown as text", async ({ page, site }) => {
  const name = '<img src=x onerror="document.title=1">';
  site.instead.set("alerts", {
    rules: [
      {
        name,
        kind: "threshold",
        severity: "info",
        summary: name,
        unit: "number",
        instances: [{ labels: { [name]: name }, state: "firing", since: 1, value: 1 }],
      },
    ],
    history: [],
  });
  await page.goto(`${site.url}/?view=alerts`);
  await expect(page.getByRole("rowheader")).toContainText(name);
  await expect(page.locator("main img")).toHaveCount(0);
  await expect(page).toHaveTitle("Alerts – Selvedge");
});

import type { Page } from "@playwright/test";
import { expect, test } from "./fixtures/stoppable-site.ts";

const MODELS = ["ocr-det", "ocr-rec", "lande"];

/** Waits until every model serves and nothing is left to be decided about it. */
async function untilServing(page: Page): Promise<void> {
  for (const name of MODELS) {
    const model = page.locator(`[data-model=${name}]`);
    await expect(model.locator("[data-state=serving]")).toBeVisible({ timeout: 60_000 });
    await expect(model.locator("[data-state=proving], [data-state=waiting]")).toHaveCount(0);
  }
}

test("the page says what serves and what was turned down, and its report can be pasted; offline too", async ({
  context,
  page,
  server,
}) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const sent: string[] = [];
  context.on("request", (request) => {
    if (request.method() === "POST") sent.push(request.url());
  });
  await page.goto(`${server.url}/demo/`);
  await page.getByRole("link", { name: "runs on this device" }).click();
  await untilServing(page);
  const verdict = page.getByTestId("verdict");
  await expect(verdict).toHaveAttribute("data-state", "sound");
  await expect(page.getByTestId("device")).toContainText("the browser offers no GPU adapter");
  const turnedDown = page.locator("[data-model=lande] [data-state=rejected]");
  await expect(turnedDown.first()).toContainText("no GPU adapter");

  for (const name of MODELS)
    await expect(page.locator(`[data-model=${name}] [data-start]`)).toHaveText(
      /^(Loaded|Woken).+\.$/,
    );

  const report = page.getByTestId("report");
  for (const name of MODELS) await expect(report).toContainText(`  ${name}@`);
  await page.getByRole("button", { name: "Copy the report" }).click();
  await expect(page.getByRole("button", { name: "Copied" })).toBeVisible();
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  expect(copied).toMatch(/^Selvedge .* on this device, .*\n\nFindings\n/);
  for (const name of MODELS) expect(copied).toMatch(new RegExp(`^ {2}${name}@.* fp32 `, "m"));

  await page.waitForFunction(() => navigator.serviceWorker.controller !== null);
  await server.stop();
  await page.reload();
  await untilServing(page);
  await expect(verdict).toHaveAttribute("data-state", "sound");
  await expect(report).toContainText("kept    ort-");
  // Only the demo's first page has telemetry.
  expect(sent.filter((url) => !url.includes("/v1/"))).toEqual([]);
});

test("a server without the runtime is named as what is wrong, by the page as by its report", async ({
  context,
  page,
  server,
}) => {
  await context.route(/\/selvedge\//, (route) => route.fulfill({ status: 404 }));
  await page.goto(`${server.url}/demo/diagnose.html`);
  await expect(page.getByTestId("verdict")).toHaveAttribute("data-state", "error");
  await expect(page.getByTestId("findings")).toContainText("the host answers 404");
  await expect(page.locator("[data-model=lande]")).toContainText("does not have the runtime");
  await expect(page.getByTestId("report")).toContainText("assets-missing");
});

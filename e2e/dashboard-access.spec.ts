import type { Page } from "@playwright/test";
import { PREDICTION_ID } from "./fixtures/dashboard/prediction.ts";
import { expect, test } from "./fixtures/dashboard-test.ts";

const PAGES = [
  "?view=fleet",
  "?view=model&model=ocr-rec",
  "?view=compare&model=ocr-rec",
  "?view=drift&model=penguins",
  "?view=failures",
  `?view=prediction&id=${PREDICTION_ID}`,
  "?view=alerts",
];

test("every page has one heading, a name for all that can be used, and the width of a phone", async ({
  page,
  site,
}) => {
  await page.setViewportSize({ width: 360, height: 740 });
  for (const address of PAGES) {
    await page.goto(`${site.url}/${address}`);
    await page.locator("main[aria-busy=false] h1").waitFor();
    await expect(page.getByRole("heading", { level: 1 })).toHaveCount(1);
    expect([address, ...(await lacks(page))]).toEqual([address]);
    const wider = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    expect([address, Math.max(0, wider)]).toEqual([address, 0]);
  }
});

test("the scheme is the system's, and nothing moves where less motion is asked for", async ({
  page,
  site,
}) => {
  const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  await page.emulateMedia({ colorScheme: "dark", reducedMotion: "reduce" });
  // Before the first answer is where something moves otherwise.
  await page.route("**/api/models*", () => undefined);
  await page.goto(site.url);
  await expect(page.getByText("Loading figures…")).toBeAttached();
  expect(await page.evaluate(() => document.getAnimations().length)).toBe(0);
  const dark = await ground();
  await page.emulateMedia({ colorScheme: "light", reducedMotion: "no-preference" });
  expect(await ground()).not.toBe(dark);
  expect(await page.evaluate(() => document.getAnimations().length)).toBeGreaterThan(0);
});

test("keys alone lead from the skip link to the figures and to another page", async ({
  page,
  site,
}) => {
  await page.goto(site.url);
  await page.getByRole("heading", { name: "Fleet" }).waitFor();
  await page.keyboard.press("Tab");
  await expect(page.getByRole("link", { name: "Skip to the figures" })).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(page.locator("main")).toBeFocused();
  // On the way back: pause, the model, the range (one stop, moved in by arrows), the pages.
  const seen: (string | null)[] = [];
  await page.getByRole("button", { name: "Pause" }).focus();
  for (let step = 0; step < 4; step++) {
    await page.keyboard.press("Shift+Tab");
    seen.push(await page.evaluate(() => document.activeElement?.tagName ?? null));
  }
  expect(seen).toEqual(["SELECT", "INPUT", "A", "A"]);
  await page.getByRole("radio", { name: "1 h" }).focus();
  await page.keyboard.press("ArrowRight");
  await expect(page).toHaveURL(/range=6h/);
  await page.getByRole("link", { name: "Drift", exact: true }).focus();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { level: 1, name: "Drift" })).toBeFocused();
  await expect(page).toHaveURL(/view=drift&range=7d/);
  await expect(page).toHaveTitle("Drift – Selvedge");
});

test("a chart is moved through by keys, and says what each step holds", async ({ page, site }) => {
  await page.goto(site.url);
  const chart = page.getByRole("slider", { name: /^Predictions/ });
  await chart.focus();
  await page.keyboard.press("Home");
  await expect(chart).toHaveAttribute("aria-valuenow", "0");
  const first = await chart.getAttribute("aria-valuetext");
  expect(first).toMatch(/ocr-rec .*\d/);
  await page.keyboard.press("ArrowRight");
  await expect(chart).not.toHaveAttribute("aria-valuetext", first ?? "");
});

/** What a screen reader would have no words for: as far as a walk through the page can tell. */
function lacks(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const found: string[] = [];
    const say = (element: Element, what: string) =>
      found.push(`${what}: ${element.outerHTML.slice(0, 120)}`);
    const nameOf = (element: Element): string => {
      const labelled = (element.getAttribute("aria-labelledby") ?? "")
        .split(" ")
        .map((id) => document.getElementById(id)?.textContent ?? "");
      const labels =
        element instanceof HTMLInputElement || element instanceof HTMLSelectElement
          ? [...(element.labels ?? [])].map((label) => label.textContent)
          : [];
      return [element.getAttribute("aria-label"), ...labelled, ...labels, element.textContent]
        .join("")
        .trim();
    };
    for (const element of document.querySelectorAll("a, button, select, input, [role], [tabindex]"))
      if (element.id !== "figures" && nameOf(element) === "") say(element, "no name");
    for (const table of document.querySelectorAll("table"))
      if (!table.caption?.textContent) say(table, "no caption");
    for (const table of document.querySelectorAll("table"))
      if (table.querySelector("th[scope=col]") === null) say(table, "no column headers");
    for (const header of document.querySelectorAll("th:not([scope])")) say(header, "no scope");
    for (const image of document.querySelectorAll("img:not([alt]), svg:not([aria-hidden])"))
      say(image, "no alternative");
    const ids = [...document.querySelectorAll("[id]")].map(({ id }) => id);
    for (const id of ids.filter((each, index) => ids.indexOf(each) !== index))
      found.push(`twice: ${id}`);
    let level = 1;
    for (const heading of document.querySelectorAll("h1, h2, h3, h4")) {
      const next = Number(heading.tagName.slice(1));
      if (next > level + 1) say(heading, "a level left out");
      level = next;
    }
    if (document.documentElement.lang === "") found.push("no language");
    return found;
  });
}

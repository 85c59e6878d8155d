import type { ModelsAnswer } from "@selvedge/protocol";
import { startStoppableSite } from "../fixtures/stoppable-site.ts";
import { REGISTRY } from "../places.ts";
import { expect, test } from "./browser.ts";
import type { WebDriver } from "./web-driver.ts";

/** Opens the demo and has its first sample read. */
async function readSample(
  browser: WebDriver,
  url: string,
): Promise<{ lines: string[]; fetched: string; isKept: boolean }> {
  await browser.goto(`${url}/demo/`);
  return browser.run(async () => {
    const text = (testId: string) => document.querySelector(`[data-testid=${testId}]`)?.textContent;
    const until = async (isSo: () => boolean) => {
      while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 50));
    };
    const status = document.querySelector<HTMLElement>("[data-testid=status]");
    await until(() => ["ready", "error"].includes(status?.dataset["state"] ?? ""));
    if (status?.dataset["state"] === "error") throw new Error(status.textContent ?? "");
    document.querySelector<HTMLElement>("#samples button")?.click();
    await until(() => /read on this device/.test(status?.textContent ?? ""));
    await until(() => document.querySelector("[data-offline]") !== null);
    const lines = document.querySelectorAll("[data-testid=line-text]");
    return {
      lines: Array.from(lines, (line) => line.textContent ?? ""),
      fetched: text("fetched") ?? "",
      isKept: document.querySelector("[data-offline=ready]") !== null,
    };
  });
}

test("the demo opens with its server gone, reads the same, and sends later what it measured", async ({
  browserUnderTest,
}) => {
  const server = await startStoppableSite({ registry: REGISTRY });
  const predictions = async () => {
    const answer: ModelsAnswer = await (await fetch(`${server.url}/api/models`)).json();
    const versions = answer.models.flatMap((model) => model.versions);
    return versions.reduce((sum, { predictions }) => sum + predictions, 0);
  };
  try {
    const online = await readSample(browserUnderTest, server.url);
    expect(online).toMatchObject({ isKept: true });
    expect(online.lines.length).toBeGreaterThan(5);
    await expect.poll(predictions, { timeout: 30_000 }).toBeGreaterThan(online.lines.length);
    const counted = await predictions();

    await server.stop();
    const offline = await readSample(browserUnderTest, server.url);
    expect(offline).toEqual({ ...online, fetched: "nothing" });

    await server.start();
    await browserUnderTest.run(() => document.querySelector<HTMLElement>("#open-sent")?.click());
    await expect.poll(predictions, { timeout: 30_000 }).toBeGreaterThan(counted);
  } finally {
    await server.end();
  }
});

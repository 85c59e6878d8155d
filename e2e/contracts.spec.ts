import { test as base, expect, type Page } from "@playwright/test";
import { CHROMIUM_ARGS } from "./chromium-args.ts";
import { CONTRACTS } from "./contracts/contracts.ts";
import { ContractHost } from "./fixtures/contract-host.ts";

const executablePath = process.env["SELVEDGE_CHROMIUM"];

/** One browser context for all: its code cache is warm, and each contract forgets what is stored. */
const test = base.extend<object, { contracts: ContractHost; shared: Page }>({
  contracts: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads what a fixture needs from this pattern
    async ({}, use) => {
      const host = await ContractHost.start();
      await use(host);
      await host.close();
    },
    { scope: "worker" },
  ],
  shared: [
    async ({ browser }, use) => {
      const context = await browser.newContext();
      await use(await context.newPage());
      await context.close();
    },
    { scope: "worker" },
  ],
});

test.use({
  launchOptions: {
    args: [...CHROMIUM_ARGS, "--enable-unsafe-webgpu"],
    ...(executablePath === undefined ? {} : { executablePath }),
  },
});

const drive = (page: Page) => ({
  goto: (url: string) => page.goto(url),
  run: <Result>(work: (argument: string) => Promise<Result>, argument: string) =>
    page.evaluate(work, argument),
});

test("this browser has a GPU to hold to its contracts, if one in software", async ({
  contracts,
  shared,
}) => {
  expect(await contracts.facts(drive(shared))).toMatchObject({ hasWebGpu: true });
});

for (const title of Object.keys(CONTRACTS))
  test(title, ({ contracts, shared }) => contracts.hold(drive(shared), title));

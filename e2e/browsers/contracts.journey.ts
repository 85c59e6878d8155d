import { CONTRACTS } from "../contracts/contracts.ts";
import type { Facts } from "../contracts/facts.ts";
import { ContractHost } from "../fixtures/contract-host.ts";
import { test as base, expect, type Programs } from "./browser.ts";

const test = base.extend<object, { contracts: ContractHost }>({
  contracts: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads what a fixture needs from this pattern
    async ({}, use) => {
      const host = await ContractHost.start();
      await use(host);
      await host.close();
    },
    { scope: "worker" },
  ],
});

/** What each browser is here for: without it, half of what the contracts say would go unsaid. */
const HERE_FOR: Readonly<Record<Programs["name"], Partial<Facts>>> = {
  firefox: { hasWebGpu: true, hasShaderF16: true },
  webkit: { hasWebGpu: false, hasJspi: false, hasSharedMemory: false, isIsolated: false },
};

test("this browser has, and lacks, what it is here for", async ({
  programs,
  contracts,
  browserUnderTest,
}) => {
  expect(await contracts.facts(browserUnderTest)).toMatchObject(HERE_FOR[programs.name]);
});

for (const title of Object.keys(CONTRACTS))
  test(title, ({ contracts, browserUnderTest }) => contracts.hold(browserUnderTest, title));

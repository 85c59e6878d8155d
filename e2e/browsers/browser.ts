import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test as base } from "@playwright/test";
import { hurries, KEEPER } from "../fixtures/delivery.ts";
import { MisbehavingHost } from "../fixtures/host/misbehaving-host.ts";
import { type NoisyRegistry, packNoisyModel } from "../fixtures/noisy-model.ts";
import { ASSETS, BARE_PAGE } from "../places.ts";
import { openFirefox } from "./open-firefox.ts";
import { openWebKit } from "./open-webkit.ts";
import type { WebDriver } from "./web-driver.ts";

/** Which browser a project is about, and the programs it takes: `scripts/soak-browsers.mjs` finds them. */
export type Programs =
  | { readonly name: "firefox"; readonly firefox: string }
  | {
      readonly name: "webkit";
      readonly driver: string;
      readonly miniBrowser: string;
      readonly xvfb: string;
    };

/** Tests of one browser: started once, with a host of the page and one of models, as new for each test. */
export const test = base.extend<
  { hurry: number; pages: MisbehavingHost; models: MisbehavingHost },
  { programs: Programs; registry: NoisyRegistry; browserUnderTest: WebDriver }
>({
  programs: [
    { name: "firefox", firefox: "" },
    { option: true, scope: "worker" },
  ],
  registry: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads what a fixture needs from this pattern
    async ({}, use) => {
      const folder = await mkdtemp(join(tmpdir(), "selvedge-e2e-browsers-"));
      await use(await packNoisyModel(folder));
      await rm(folder, { recursive: true, force: true });
    },
    { scope: "worker" },
  ],
  browserUnderTest: [
    async ({ programs }, use) => {
      const { browser, end } = await (programs.name === "firefox"
        ? openFirefox(programs.firefox)
        : openWebKit(programs));
      console.log(`${programs.name}: ${browser.title}`);
      await use(browser);
      await end();
    },
    { scope: "worker" },
  ],
  /** How many times as fast the keeper's timers run: nobody wants to wait for a host that says nothing. */
  hurry: [20, { option: true }],
  pages: async ({ hurry }, use) => {
    const host = await MisbehavingHost.start({ "/bare/": BARE_PAGE, "/selvedge/": ASSETS });
    host.misbehave(KEEPER, hurries(hurry));
    await use(host);
    await host.close();
  },
  models: async ({ registry }, use) => {
    const host = await MisbehavingHost.start({ "/models/": registry.folder }, { isForeign: true });
    await use(host);
    await host.close();
  },
});

export { expect } from "@playwright/test";

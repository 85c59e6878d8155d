import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test as base } from "@playwright/test";
import { ASSETS, BARE_PAGE } from "../places.ts";
import { Host } from "./host.ts";
import { packModel, type Registry } from "./model.ts";
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
  { pages: Host; models: Host },
  { programs: Programs; registry: Registry; browserUnderTest: WebDriver }
>({
  programs: [
    { name: "firefox", firefox: "" },
    { option: true, scope: "worker" },
  ],
  registry: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads what a fixture needs from this pattern
    async ({}, use) => {
      const folder = await mkdtemp(join(tmpdir(), "selvedge-e2e-browsers-"));
      await use(await packModel(folder));
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
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads what a fixture needs from this pattern
  pages: async ({}, use) => {
    const host = await Host.start({ "/bare/": BARE_PAGE, "/selvedge/": ASSETS });
    await use(host);
    await host.close();
  },
  models: async ({ registry }, use) => {
    const host = await Host.start({ "/": registry.folder });
    await use(host);
    await host.close();
  },
});

export { expect } from "@playwright/test";

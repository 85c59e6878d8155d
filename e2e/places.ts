import { fileURLToPath } from "node:url";

const place = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** Where tests find what was built, and keep what they make. */
export const ROOT = place("..");
export const CLI = place("../packages/cli/bin/selvedge.mjs");
export const REGISTRY = place("../.selvedge/registry");
export const ASSETS = place("../.selvedge/e2e/assets");
export const BARE_PAGE = place("./dist/page");
export const DEMO = place("../demo/dist");
export const DASHBOARD = place("../packages/dashboard/dist");

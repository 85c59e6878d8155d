import { build } from "./build.mjs";
import { ensureInstalled, run } from "./install.mjs";

const PUBLISHED = ["protocol", "sdk", "packer", "collector", "cli"].map(
  (room) => `packages/${room}`,
);

ensureInstalled();
run("npx", ["biome", "check", "--error-on-warnings", "."]);
run("npx", ["tsc", "-b"]);
run("npx", ["vitest", "run", "--project", "unit"]);
build();
for (const folder of [...PUBLISHED, "packages/dashboard"])
  run("npx", ["publint", folder, "--strict"]);
for (const folder of PUBLISHED)
  run("npx", ["attw", "--pack", folder, "--profile", "esm-only", "--quiet"]);
run("npx", ["knip"]);
run("npx", ["size-limit"]);

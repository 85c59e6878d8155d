import { join } from "node:path";
import { build } from "./build.mjs";
import { ensureInstalled, root, run } from "./install.mjs";

const state = join(root, ".selvedge");
const registry = join(state, "registry");

ensureInstalled();
build();
run("node", ["demo/models/pack.mjs", registry]);

process.argv = [
  ...process.argv.slice(0, 1),
  join(root, "packages/cli/bin/selvedge.mjs"),
  ...["serve", "--registry", registry, "--data", join(state, "data")],
  ...["--port", process.env.PORT ?? "4173"],
  ...["--mount", `/demo/=${join(root, "demo/dist")}`],
];
await import("../packages/cli/bin/selvedge.mjs");

import { execFileSync } from "node:child_process";
import { ASSETS, CLI, REGISTRY, ROOT } from "./places.ts";

/** Packs the models, copies the runtime and builds the bare page: what `npm test` has not built yet. */
export default function setUp(): void {
  const run = (command: string, args: string[]) =>
    execFileSync(command, args, { cwd: ROOT, stdio: ["ignore", "ignore", "inherit"] });
  run("node", ["demo/models/pack.mjs", REGISTRY]);
  run("node", [CLI, "assets", "--out", ASSETS]);
  run("npx", ["vite", "build", "-c", "e2e/page/vite.config.ts", "--logLevel", "warn"]);
}

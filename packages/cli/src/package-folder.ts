import { existsSync, realpathSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { SelvedgeError } from "@selvedge/protocol";

/**
 * The folder of an installed package, whatever the package exports.
 *
 * @param from a file of the package that depends on it: a path or a `file:` URL
 * @throws SelvedgeError `not-found` where it is not installed.
 */
export function packageFolder(name: string, from: string): string {
  for (const modules of createRequire(from).resolve.paths(name) ?? []) {
    const folder = join(modules, name);
    if (existsSync(join(folder, "package.json"))) return realpathSync(folder);
  }
  throw new SelvedgeError("not-found", `The package ${name} is not installed. Run npm install.`);
}

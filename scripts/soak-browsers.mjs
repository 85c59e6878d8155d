import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { build } from "./build.mjs";
import { ensureInstalled, run } from "./install.mjs";

/** What each browser takes of Debian, and which programs it brings. */
const BROWSERS = [
  {
    name: "firefox",
    packages: ["firefox-esr", "mesa-vulkan-drivers"],
    find: () => ({
      firefox: onPath("firefox-esr") ?? onPath("firefox"),
      // A GPU in software, and one with shader-f16.
      vulkan: fileOf("mesa-vulkan-drivers", /\/lvp_icd[^/]*\.json$/),
    }),
  },
  {
    name: "webkit",
    packages: ["webkit2gtk-driver", "libwebkit2gtk-4.1-0", "xvfb"],
    find: () => ({
      driver: onPath("WebKitWebDriver"),
      miniBrowser: fileOf("libwebkit2gtk-4.1-0", /\/MiniBrowser$/),
      xvfb: onPath("Xvfb"),
    }),
  },
];

/**
 * Contracts, delivery, waking and the demo in Firefox and WebKitGTK. What is missing is installed where
 * that can be done.
 */
export function soakBrowsers() {
  const found = BROWSERS.map(programsOf);
  const full = { SELVEDGE_WAKES: "100", SELVEDGE_VARIED: "5000" };
  run("npx", ["playwright", "test", "-c", "e2e/browsers"], {
    env: { ...full, ...process.env, SELVEDGE_BROWSERS: JSON.stringify(found) },
  });
}

function programsOf({ name, packages, find }) {
  if (!isWhole(find())) install(packages);
  const programs = find();
  if (isWhole(programs)) return { name, ...programs };
  throw new Error(
    `${name} is not here, and could not be installed. On Debian, as root: apt-get install ${packages.join(" ")}`,
  );
}

const isWhole = (programs) => Object.values(programs).every((place) => place !== undefined);

function install(packages) {
  if (process.getuid?.() !== 0 || onPath("apt-get") === undefined) return;
  console.log(`Installing ${packages.join(", ")} (once)…`);
  const options = {
    stdio: ["ignore", "ignore", "inherit"],
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
  };
  spawnSync("apt-get", ["update"], options);
  spawnSync("apt-get", ["install", "-y", "--no-install-recommends", ...packages], options);
}

function onPath(name) {
  const { status, stdout } = spawnSync("sh", ["-c", 'command -v "$0"', name], { encoding: "utf8" });
  return status === 0 ? stdout.trim() : undefined;
}

function fileOf(debianPackage, pattern) {
  const { stdout } = spawnSync("dpkg", ["-L", debianPackage], { encoding: "utf8" });
  return (stdout ?? "").split("\n").find((file) => pattern.test(file) && existsSync(file));
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  ensureInstalled();
  build();
  soakBrowsers();
}

import { spawnSync } from "node:child_process";
import { accessSync, constants, existsSync } from "node:fs";
import { delimiter, join } from "node:path";

const NAMES = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome"];

const PLACES = {
  darwin: [
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
  ],
  win32: [process.env.PROGRAMFILES, process.env["PROGRAMFILES(X86)"], process.env.LOCALAPPDATA]
    .filter(Boolean)
    .map((folder) => join(folder, "Google/Chrome/Application/chrome.exe")),
};

const INSTALLERS = [
  { has: "apt-get", commands: ["apt-get update", "apt-get install -y chromium fonts-dejavu-core"] },
  { has: "dnf", commands: ["dnf install -y chromium dejavu-sans-fonts"] },
  { has: "apk", commands: ["apk add chromium font-dejavu"] },
  { has: "pacman", commands: ["pacman -Sy --noconfirm chromium ttf-dejavu"] },
];

/**
 * The path of a Chrome or Chromium: the one SELVEDGE_CHROMIUM names, the system's, Playwright's own;
 * and where there is none, one that is installed now, by Playwright or else by the system.
 */
export async function findBrowser() {
  const named = process.env.SELVEDGE_CHROMIUM;
  if (named) {
    if (existsSync(named)) return named;
    throw new Error(`SELVEDGE_CHROMIUM names ${named}, which is not there.`);
  }
  const found = installed() ?? (await playwrights());
  if (found) return found;
  console.log("No Chrome or Chromium found. Installing Playwright's…");
  // Bounded: where its host cannot be reached, the system's package manager is next.
  spawnSync("npx", ["playwright", "install", "chromium"], {
    stdio: "inherit",
    timeout: 300_000,
    shell: process.platform === "win32",
    env: { ...process.env, PLAYWRIGHT_DOWNLOAD_CONNECTION_TIMEOUT: "10000" },
  });
  const downloaded = await playwrights();
  if (downloaded) return downloaded;
  console.log("Playwright's did not come or does not start here. Asking the system's packages…");
  const installer = INSTALLERS.find(({ has }) => onPath(has));
  for (const command of installer?.commands ?? []) {
    const [program, ...args] = isRoot()
      ? command.split(" ")
      : ["sudo", "-n", ...command.split(" ")];
    spawnSync(program, args, {
      stdio: ["ignore", "ignore", "inherit"],
      env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
    });
  }
  const last = installed();
  if (last) return last;
  throw new Error(
    "No Chrome or Chromium, and none could be installed. Install one, or set SELVEDGE_CHROMIUM to its path.",
  );
}

function installed() {
  const places = PLACES[process.platform] ?? [];
  const found = [...places.filter((place) => existsSync(place)), ...NAMES.map(onPath)];
  // Some systems have a stub of this name that only says where to get the browser.
  return found.find((browser) => browser !== undefined && starts(browser));
}

async function playwrights() {
  const { chromium } = await import("playwright");
  const path = chromium.executablePath();
  return existsSync(path) && starts(path) ? path : undefined;
}

function starts(browser) {
  return spawnSync(browser, ["--version"], { stdio: "ignore" }).status === 0;
}

function onPath(name) {
  for (const folder of (process.env.PATH ?? "").split(delimiter)) {
    const file = join(folder, name);
    try {
      accessSync(file, constants.X_OK);
      return file;
    } catch {
      // Not in this folder.
    }
  }
  return undefined;
}

function isRoot() {
  return process.getuid?.() === 0;
}

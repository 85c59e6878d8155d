import { readdir, readFile } from "node:fs/promises";

const EVERY_MS = 20;

/**
 * Runs something that opens a browser on a profile, and watches meanwhile what its renderers take of this
 * machine's memory: the sum of their proportional set sizes. Linux only.
 *
 * @returns the most it was, in bytes
 */
export async function peakWhile(profile, run) {
  let isOver = false;
  const running = run().finally(() => {
    isOver = true;
  });
  let browser;
  let peak = 0;
  while (!isOver) {
    browser ??= await browserOn(profile);
    if (browser !== undefined) peak = Math.max(peak, await rendererBytes(browser));
    await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
  }
  await running;
  return peak;
}

/** The id of the browser's own process, once it runs. */
async function browserOn(profile) {
  for (const id of await readdir("/proc")) {
    if (!/^\d+$/.test(id)) continue;
    const words = await commandOf(id);
    const isBrowser = !words.some((word) => word.startsWith("--type="));
    if (isBrowser && words.includes(`--user-data-dir=${profile}`)) return id;
  }
  return undefined;
}

async function rendererBytes(id) {
  const words = await commandOf(id);
  const own = words.includes("--type=renderer") ? await proportionalBytes(id) : 0;
  const children = await textOf(`/proc/${id}/task/${id}/children`);
  const theirs = await Promise.all(children.split(" ").filter(Boolean).map(rendererBytes));
  return theirs.reduce((sum, bytes) => sum + bytes, own);
}

async function proportionalBytes(id) {
  const [, kilobytes = "0"] =
    /^Pss:\s+(\d+) kB/m.exec(await textOf(`/proc/${id}/smaps_rollup`)) ?? [];
  return Number(kilobytes) * 1024;
}

/** Chromium's own processes part their words with spaces, to have room for others. */
async function commandOf(id) {
  return (await textOf(`/proc/${id}/cmdline`)).split(/[\0 ]/);
}

/** Empty where the process has ended meanwhile. */
function textOf(file) {
  return readFile(file, "utf8").catch(() => "");
}

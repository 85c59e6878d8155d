import { ATTRIBUTES } from "@selvedge/protocol";
import { type BrowserNavigator, browserFacts } from "../diagnosis/browser-facts.ts";
import type { DeviceSize } from "../serving/memory-budget.ts";

/** The part of `navigator` that a resource is told from. */
export type DeviceNavigator = BrowserNavigator & DeviceSize;

/** Names are of a closed list: what a brand says of itself could single a device out. */
const BROWSERS: readonly (readonly [name: string, brand: RegExp])[] = [
  ["edge", /edge/i],
  ["opera", /opera/i],
  ["samsung", /samsung/i],
  ["webview", /webview/i],
  ["firefox", /firefox/i],
  ["safari", /safari/i],
  ["webkit", /webkit/i],
  ["chrome", /chrom/i],
];

/** Gigabytes and cores from which a device is called strong. Browsers tell eight gigabytes at most. */
const HIGH = { desktop: { memory: 8, cores: 8 }, mobile: { memory: 4, cores: 6 } } as const;

/**
 * What is told of a device with everything that it sends: its browser with the major version, and
 * which of four classes it is in. Nothing finer, so that many devices say the same.
 *
 * @param from the page's or the worker's `navigator`
 */
export function deviceResource(from: DeviceNavigator): Readonly<Record<string, string>> {
  return { [ATTRIBUTES.browser]: browserOf(from), [ATTRIBUTES.device]: deviceClassOf(from) };
}

function browserOf(from: DeviceNavigator): string {
  const { brand, version } = browserFacts(from);
  const name = BROWSERS.find(([, sign]) => sign.test(brand))?.[0];
  const major = /^\d{1,4}/.exec(version)?.[0];
  return name === undefined || major === undefined ? "other" : `${name} ${major}`;
}

/** A browser that does not tell memory, as only Chromium does, is judged by its cores. */
function deviceClassOf(from: DeviceNavigator): string {
  const kind = browserFacts(from).isMobile ? "mobile" : "desktop";
  const { memory, cores } = HIGH[kind];
  const { deviceMemory = memory, hardwareConcurrency = 0 } = from;
  return `${kind}-${deviceMemory >= memory && hardwareConcurrency >= cores ? "high" : "low"}`;
}

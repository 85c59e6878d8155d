/** Which browser this is: enough to tell a version from the next, and no more. */
export interface BrowserFacts {
  /** Such as `Chromium`, `Firefox`, `Safari`; `unknown` where it cannot be told. */
  readonly brand: string;
  /** Such as `156`; of a webview on iOS, the system's. Empty where it cannot be told. */
  readonly version: string;
  /** Such as `Windows`, `macOS`, `Android`; `unknown` where it cannot be told. */
  readonly platform: string;
  readonly isMobile: boolean;
}

/** The part of Navigator that says it; `userAgentData` is Chromium's. */
export interface BrowserNavigator {
  readonly userAgent?: string;
  readonly userAgentData?: {
    readonly brands?: readonly { readonly brand: string; readonly version: string }[];
    readonly platform?: string;
    readonly mobile?: boolean;
  };
}

/** The order matters: every browser names those that came before it, too. */
const NAMED: readonly (readonly [brand: string, version: RegExp])[] = [
  ["Edge", /\bEdgA?\/(\d+)/],
  ["Firefox", /\bFirefox\/(\d+)/],
  ["Chromium", /\bChrom(?:e|ium)\/(\d+)/],
  ["Safari", /\bVersion\/(\d+(?:\.\d+)?)[\d.]* .*Safari\//],
  ["WebKit", /\bOS (\d+_\d+)[\d_]* like Mac OS X/],
  ["WebKit", /\bAppleWebKit\/(\d+(?:\.\d+)?)/],
];

const PLATFORMS: readonly (readonly [name: string, sign: RegExp])[] = [
  ["Android", /Android/],
  ["iOS", /iPhone|iPad|iPod/],
  ["Windows", /Windows/],
  ["macOS", /Macintosh/],
  ["Chrome OS", /CrOS/],
  ["Linux", /Linux|X11/],
];

/** @param from the page's or the worker's `navigator` */
export function browserFacts(from: BrowserNavigator): BrowserFacts {
  const { userAgent = "", userAgentData: told } = from;
  return {
    ...(brandOf(told?.brands ?? []) ?? parse(userAgent)),
    platform:
      told?.platform || (PLATFORMS.find(([, sign]) => sign.test(userAgent))?.[0] ?? "unknown"),
    isMobile: told?.mobile ?? /Mobi/.test(userAgent),
  };
}

/** The browser's own name before the engine's; the brand that is made up to keep pages honest never. */
function brandOf(brands: NonNullable<NonNullable<BrowserNavigator["userAgentData"]>["brands"]>) {
  const real = brands.filter(({ brand }) => !/^\W*not\b/i.test(brand));
  return real.find(({ brand }) => brand !== "Chromium") ?? real[0];
}

function parse(userAgent: string): Pick<BrowserFacts, "brand" | "version"> {
  for (const [brand, pattern] of NAMED) {
    const version = pattern.exec(userAgent)?.[1];
    if (version !== undefined) return { brand, version: version.replaceAll("_", ".") };
  }
  return { brand: "unknown", version: "" };
}

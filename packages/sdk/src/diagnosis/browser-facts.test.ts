import { expect, test } from "vitest";
import { type BrowserNavigator, browserFacts } from "./browser-facts.ts";

const SAFARI = "AppleWebKit/605.1.15 (KHTML, like Gecko)";
const CHROME = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0";

const userAgents: readonly (readonly [userAgent: string, facts: object])[] = [
  [
    `Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${CHROME} Safari/537.36 Edg/156.0.0.0`,
    { brand: "Edge", version: "156", platform: "Windows", isMobile: false },
  ],
  [
    `Mozilla/5.0 (Linux; Android 10; K) ${CHROME} Mobile Safari/537.36`,
    { brand: "Chromium", version: "156", platform: "Android", isMobile: true },
  ],
  [
    "Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0",
    { brand: "Firefox", version: "153", platform: "Linux", isMobile: false },
  ],
  [
    `Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) ${SAFARI} Version/26.1 Safari/605.1.15`,
    { brand: "Safari", version: "26.1", platform: "macOS", isMobile: false },
  ],
  [
    `Mozilla/5.0 (iPhone; CPU iPhone OS 18_6_2 like Mac OS X) ${SAFARI} Mobile/15E148`,
    { brand: "WebKit", version: "18.6", platform: "iOS", isMobile: true },
  ],
  ["", { brand: "unknown", version: "", platform: "unknown", isMobile: false }],
];

test.each(userAgents)("a browser is told by its user agent: %s", (userAgent, facts) => {
  expect(browserFacts({ userAgent })).toEqual(facts);
});

test("a browser that says who it is, is believed, but for the brand that is made up", () => {
  const userAgentData: BrowserNavigator["userAgentData"] = {
    brands: [
      { brand: "Not=A?Brand", version: "24" },
      { brand: "Chromium", version: "156" },
      { brand: "Google Chrome", version: "156" },
    ],
    platform: "macOS",
    mobile: false,
  };
  expect(browserFacts({ userAgent: "Firefox/1", userAgentData })).toEqual({
    brand: "Google Chrome",
    version: "156",
    platform: "macOS",
    isMobile: false,
  });
});

test("a browser that names no brand is told by its user agent after all", () => {
  const userAgentData = { brands: [{ brand: "Not A;Brand", version: "8" }], platform: "" };
  expect(
    browserFacts({ userAgent: `(X11; Linux x86_64) ${CHROME} Safari/537.36`, userAgentData }),
  ).toEqual({ brand: "Chromium", version: "156", platform: "Linux", isMobile: false });
});

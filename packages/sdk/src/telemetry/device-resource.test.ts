import { ATTRIBUTES } from "@selvedge/protocol";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type DeviceNavigator, deviceResource } from "./device-resource.ts";

const browserOf = (from: DeviceNavigator) => deviceResource(from)[ATTRIBUTES.browser];
const classOf = (from: DeviceNavigator) => deviceResource(from)[ATTRIBUTES.device];
const branded = (...names: string[]): DeviceNavigator => ({
  userAgentData: {
    brands: names.map((brand) => ({ brand, version: "156.0.7712.4" })),
    mobile: false,
  },
});

test.each([
  [branded("Not=A?Brand", "Chromium", "Google Chrome"), "chrome 156"],
  [branded("Not=A?Brand", "Chromium"), "chrome 156"],
  [branded("Chromium", "Microsoft Edge"), "edge 156"],
  [branded("Chromium", "Opera"), "opera 156"],
  [branded("Chromium", "Samsung Internet"), "samsung 156"],
  [branded("Chromium", "Android WebView"), "webview 156"],
  [branded("Somebody's own browser of 2026"), "other"],
  [{ userAgent: "Mozilla/5.0 (X11; Linux x86_64) Firefox/153.0" }, "firefox 153"],
  [{ userAgent: "(Macintosh) AppleWebKit/605.1.15 Version/26.1 Safari/605.1.15" }, "safari 26"],
  [{}, "other"],
])("a browser is its name and its major version: %o is %s", (from, name) => {
  expect(browserOf(from)).toBe(name);
});

test.each([
  [{ deviceMemory: 8, hardwareConcurrency: 8 }, "desktop-high"],
  [{ deviceMemory: 4, hardwareConcurrency: 8 }, "desktop-low"],
  [{ deviceMemory: 8, hardwareConcurrency: 4 }, "desktop-low"],
  [{ hardwareConcurrency: 8 }, "desktop-high"],
  [{ userAgentData: { mobile: true }, deviceMemory: 4, hardwareConcurrency: 8 }, "mobile-high"],
  [{ userAgentData: { mobile: true }, deviceMemory: 2, hardwareConcurrency: 8 }, "mobile-low"],
  [{ userAgent: "(iPhone) Mobile/15E148", hardwareConcurrency: 6 }, "mobile-high"],
  [{}, "desktop-low"],
])("a device is in one of four classes: %o is %s", (from, name) => {
  expect(classOf(from)).toBe(name);
});

test("whatever a browser says of itself, no more than a name of the list and a number leave", () => {
  const brands = fc.array(fc.record({ brand: fc.string(), version: fc.string() }));
  fc.assert(
    fc.property(fc.string(), brands, (userAgent, told) => {
      const said = browserOf({ userAgent, userAgentData: { brands: told } });
      expect(said).toMatch(
        /^(other|(edge|opera|samsung|webview|firefox|safari|webkit|chrome) \d{1,4})$/,
      );
    }),
  );
});

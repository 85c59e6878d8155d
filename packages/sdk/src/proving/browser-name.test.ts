import { expect, test } from "vitest";
import { browserName } from "./browser-name.ts";

const MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)";
const WEBKIT = "AppleWebKit/605.1.15 (KHTML, like Gecko)";
const CHROME = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36";

test.each([
  [`${MAC} ${CHROME}`, "Chrome/141"],
  [`${MAC} ${CHROME} Edg/140.0.0.0`, "Edg/140"],
  ["Mozilla/5.0 (X11; Linux x86_64; rv:142.0) Gecko/20100101 Firefox/142.0", "Firefox/142"],
  [`${MAC} ${WEBKIT} Version/26.0 Safari/605.1.15`, "Version/26"],
  [
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605 Mobile/15E148",
    "OS 18_6",
  ],
  ["", "unknown"],
])("%s is %s", (userAgent, name) => {
  expect(browserName(userAgent)).toBe(name);
});

import type { Field } from "@selvedge/protocol";
import type { CollectorConfig } from "./collector-config.ts";
import { expectKnownKeys } from "./known-keys.ts";

/**
 * Reads the section `cors`: `origins` is a list of origins as browsers write them, or of `*` alone.
 *
 * @throws SelvedgeError that names the field that is wrong.
 */
export function readCors(field: Field): CollectorConfig["cors"] {
  expectKnownKeys(field, ["origins"]);
  const origins = field
    .at("origins")
    .items()
    .map((item) => item.stringThat(isOrigin, "an origin such as https://shop.example, or *"));
  return { origins };
}

/** Of a webview: a scheme of its own, which the URL standard gives no origin. */
const WEBVIEW = /^[a-z][a-z0-9+.-]*:\/\/[a-z0-9.-]+$/;

/** A browser sends an origin in one spelling only; any other would never be met. */
function isOrigin(text: string): boolean {
  if (text === "*" || text === "null") return true;
  if (!URL.canParse(text)) return false;
  const { origin } = new URL(text);
  return origin === "null" ? WEBVIEW.test(text) : origin === text;
}

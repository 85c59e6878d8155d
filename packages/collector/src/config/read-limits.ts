import type { Field } from "@selvedge/protocol";
import type { Rate } from "../access/token-buckets.ts";
import { DEFAULT_CONFIG, type Limits } from "./collector-config.ts";
import { expectKnownKeys } from "./known-keys.ts";

const MIN_BODY_BYTES = 8 * 1024 * 1024;

/**
 * Reads the section `limits`. What it lacks is as in `DEFAULT_CONFIG`; a rate that is `null` is none.
 *
 * @throws SelvedgeError that names the field that is wrong.
 */
export function readLimits(field: Field): Limits {
  const defaults = DEFAULT_CONFIG.limits;
  expectKnownKeys(field, Object.keys(defaults));
  const rate = (name: "perAddress" | "perToken") =>
    field.at(name).isPresent ? readRate(field.at(name)) : defaults[name];
  const whole = (name: Exclude<keyof Limits, "perAddress" | "perToken">, min: number) =>
    field.at(name).optional((one) => one.integer({ min })) ?? defaults[name];
  const limits = {
    perAddress: rate("perAddress"),
    perToken: rate("perToken"),
    proxies: whole("proxies", 0),
    connections: whole("connections", 1),
    headersTimeoutMs: whole("headersTimeoutMs", 1),
    requestTimeoutMs: whole("requestTimeoutMs", 1),
    bodyBytes: whole("bodyBytes", MIN_BODY_BYTES),
    valuesPerLabel: whole("valuesPerLabel", 1),
    series: whole("series", 1),
  };
  if (limits.headersTimeoutMs > limits.requestTimeoutMs)
    field.at("headersTimeoutMs").fail(`at most requestTimeoutMs, ${limits.requestTimeoutMs}`);
  return limits;
}

function readRate(field: Field): Rate | undefined {
  if (field.isNull) return undefined;
  expectKnownKeys(field, ["perSecond", "burst"]);
  const perSecond = field.at("perSecond").number({ min: 0.001 });
  return { perSecond, burst: field.at("burst").integer({ min: 1 }) };
}

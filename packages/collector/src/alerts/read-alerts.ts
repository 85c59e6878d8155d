import { type Field, isModelName } from "@selvedge/protocol";
import { expectKnownKeys } from "../config/known-keys.ts";
import {
  ALERT_METRICS,
  type AlertRule,
  type AlertsConfig,
  type Bound,
  type Webhook,
} from "./alert-rule.ts";
import { parseDuration } from "./parse-duration.ts";

/** More than anyone reads. */
const MAX_RULES = 200;

/**
 * Reads the section `alerts` of the collector's config; `docs/alerts.md` says what it may hold.
 *
 * @throws SelvedgeError that names the field that is wrong.
 */
export function readAlerts(root: Field): AlertsConfig {
  expectKnownKeys(root, ["every", "rules"]);
  const names = new Set<string>();
  const items = root.at("rules").items();
  if (items.length > MAX_RULES) root.at("rules").fail(`${MAX_RULES} rules at most`);
  const rules = items.map((item) => {
    const rule = readRule(item);
    if (names.has(rule.name)) item.at("name").fail("a name that comes once");
    names.add(rule.name);
    return rule;
  });
  const everyMs = duration(root, "every", "1m");
  if (everyMs < 1_000 || everyMs > 86_400_000) root.at("every").fail("a time from 1s to 1d");
  return { everyMs, rules };
}

const COMMON = ["name", "kind", "severity", "model", "for", "webhook"];
const COUNTED = ["metric", "above", "below", "clear", "window", "minCount"];

function readRule(field: Field): AlertRule {
  const common = {
    name: field.at("name").stringThat((text) => /^[\w .-]{1,80}$/.test(text), "a short name"),
    severity:
      field.at("severity").optional((item) => item.oneOf(["info", "warning", "critical"])) ??
      "warning",
    model: field.at("model").optional((item) => item.stringThat(isModelName, "a model's name")),
    forMs: duration(field, "for", "0s"),
    webhook: field.at("webhook").optional(readWebhook),
  };
  const kind = field.at("kind").oneOf(["threshold", "change", "burn-rate", "drift"]);
  const minCount = (usual: number) =>
    field.at("minCount").optional((item) => item.integer({ min: 1 })) ?? usual;
  switch (kind) {
    case "threshold":
      expectKnownKeys(field, [...COMMON, ...COUNTED]);
      return {
        ...common,
        kind,
        metric: field.at("metric").oneOf(ALERT_METRICS),
        bound: readLevels(field),
        windowMs: duration(field, "window", "15m"),
        // Of a number of predictions that is too low, few are the point.
        minCount: minCount(field.at("metric").oneOf(ALERT_METRICS) === "predictions" ? 1 : 100),
      };
    case "change":
      expectKnownKeys(field, [...COMMON, ...COUNTED, "against", "difference"]);
      return {
        ...common,
        kind,
        metric: field.at("metric").oneOf(ALERT_METRICS),
        against: field.at("against").oneOf(["window-before", "previous-version"]),
        difference:
          field.at("difference").optional((item) => item.oneOf(["relative", "absolute"])) ??
          "relative",
        bound: readLevels(field),
        windowMs: duration(field, "window", "1h"),
        minCount: minCount(100),
      };
    case "burn-rate": {
      expectKnownKeys(field, [
        ...COMMON,
        "objective",
        "above",
        "clear",
        "long",
        "short",
        "minCount",
      ]);
      const objective = field.at("objective").number({ min: 0 });
      if (objective >= 1) field.at("objective").fail("a share below 1");
      const longMs = duration(field, "long", "1h");
      const shortMs = duration(field, "short", "5m");
      if (shortMs >= longMs) field.at("short").fail("less than long");
      const bound = readLevels(field);
      return { ...common, kind, objective, bound, longMs, shortMs, minCount: minCount(20) };
    }
    case "drift":
      expectKnownKeys(field, [...COMMON, "baseline", "features", "window", "retrain"]);
      return {
        ...common,
        kind,
        baseline:
          field.at("baseline").optional((item) => item.oneOf(["reference", "previous"])) ??
          "reference",
        features: field.at("features").optional((list) => list.items().map((item) => item.text())),
        windowMs: duration(field, "window", "7d"),
        retrain: field.at("retrain").optional(readWebhook),
      };
  }
}

function readLevels(field: Field): Bound {
  const number = (name: string) =>
    field.at(name).optional((item) => item.number({ min: Number.NEGATIVE_INFINITY }));
  const above = number("above");
  const below = number("below");
  if ((above === undefined) === (below === undefined)) field.fail('either "above" or "below"');
  const side = above === undefined ? "below" : "above";
  const level = above ?? below ?? 0;
  const clear = number("clear") ?? level;
  const isBeyond = side === "above" ? clear > level : clear < level;
  if (isBeyond) field.at("clear").fail(`a level that is not ${side} ${level}`);
  return { side, level, clear };
}

function readWebhook(field: Field): Webhook {
  expectKnownKeys(field, ["url", "secret"]);
  const url = field.at("url").stringThat(isHttp, "an address with http or https");
  return { url, secret: field.at("secret").optional((item) => item.text()) };
}

function isHttp(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}

function duration(field: Field, name: string, usual: string): number {
  const item = field.at(name);
  const ms = parseDuration(item.optional((given) => given.string()) ?? usual);
  return ms ?? item.fail("a duration such as 30s, 5m, 1h or 7d");
}

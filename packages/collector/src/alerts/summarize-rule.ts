import type { AlertsAnswer } from "@selvedge/protocol";
import type { AlertMetric, AlertRule, Bound } from "./alert-rule.ts";
import { sayDuration } from "./parse-duration.ts";

const SAID: { readonly [metric in AlertMetric]: string } = {
  "failure-rate": "share of calls that fail",
  "latency-p50": "median latency",
  "latency-p95": "95th percentile of latency",
  "latency-p99": "99th percentile of latency",
  "memory-p95": "95th percentile of an engine's memory",
  "restart-rate": "restarts per prediction",
  "rejection-rate": "candidates turned down per load",
  accuracy: "accuracy",
  predictions: "number of predictions",
};

/** What a rule says, for people. */
export function summarizeRule(rule: AlertRule): string {
  const lasting = rule.forMs > 0 ? `, for ${sayDuration(rule.forMs)}` : "";
  const whose = rule.model === undefined ? "" : ` of ${rule.model}`;
  return `${capital(watched(rule, whose))}${lasting}.`;
}

/** What the values are in that a rule watches. */
export function unitOf(rule: AlertRule): AlertsAnswer["rules"][number]["unit"] {
  // How many times as fast as allowed, and how far a feature has moved: neither has a unit.
  if (rule.kind === "burn-rate" || rule.kind === "drift") return "number";
  if (rule.kind === "change" && rule.difference === "relative") return "share";
  const { metric } = rule;
  if (metric === "failure-rate" || metric === "accuracy") return "share";
  if (metric === "memory-p95") return "bytes";
  return metric.startsWith("latency") ? "milliseconds" : "number";
}

function watched(rule: AlertRule, whose: string): string {
  switch (rule.kind) {
    case "threshold":
      return `${SAID[rule.metric]}${whose} ${sayBound(rule.bound, said(rule.metric))} over ${sayDuration(rule.windowMs)}`;
    case "change": {
      const unit = rule.difference === "relative" ? percent : said(rule.metric);
      const before =
        rule.against === "window-before"
          ? `the ${sayDuration(rule.windowMs)} before`
          : "the version before";
      const size = rule.bound.side === "above" ? "more than" : "less than";
      return `${SAID[rule.metric]}${whose} has changed by ${size} ${unit(rule.bound.level)} against ${before}`;
    }
    case "burn-rate":
      return `calls${whose} fail ${rule.bound.level} times as often as ${percent(1 - rule.objective)}, over ${sayDuration(rule.longMs)} and ${sayDuration(rule.shortMs)}`;
    case "drift":
      return `features${whose} drift away from ${rule.baseline === "reference" ? "the reference" : "the week before"}`;
  }
}

function sayBound({ side, level }: Bound, unit: (value: number) => string): string {
  return `${side} ${unit(level)}`;
}

function said(metric: AlertMetric): (value: number) => string {
  if (metric === "failure-rate" || metric === "accuracy") return percent;
  if (metric.startsWith("latency")) return (value) => `${value} ms`;
  if (metric === "memory-p95") return (value) => `${Math.round(value / 2 ** 20)} MiB`;
  return String;
}

function percent(share: number): string {
  return `${Number((share * 100).toPrecision(4))}%`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

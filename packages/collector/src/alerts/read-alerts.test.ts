import { Field } from "@selvedge/protocol";
import { expect, test } from "vitest";
import { readAlerts } from "./read-alerts.ts";
import { summarizeRule } from "./summarize-rule.ts";

const read = (value: unknown) =>
  readAlerts(Field.fromJson(JSON.stringify(value), "alerts", "options-invalid"));

const threshold = { name: "a", kind: "threshold", metric: "failure-rate", above: 0.05 };
const burn = { name: "b", kind: "burn-rate", objective: 0.99, above: 14.4 };
const change = { name: "c", kind: "change", metric: "latency-p95", above: 0.3 };

test("reads rules of every kind, with what is usual where nothing is said", () => {
  const { everyMs, rules } = read({
    every: "30s",
    rules: [
      {
        ...{ ...threshold, clear: 0.03, window: "5m", for: "10m", severity: "critical" },
        ...{ model: "rec", minCount: 20, webhook: { url: "https://hooks.example/x", secret: "s" } },
      },
      burn,
      { ...change, against: "previous-version" },
      { name: "d", kind: "drift", retrain: { url: "http://localhost:1/train" } },
    ],
  });
  expect(everyMs).toBe(30_000);
  expect(rules).toMatchObject([
    {
      ...{ windowMs: 300_000, forMs: 600_000, minCount: 20, severity: "critical" },
      bound: { side: "above", level: 0.05, clear: 0.03 },
      webhook: { url: "https://hooks.example/x", secret: "s" },
    },
    { longMs: 3_600_000, shortMs: 300_000, severity: "warning", forMs: 0, webhook: undefined },
    { windowMs: 3_600_000, difference: "relative", bound: { level: 0.3, clear: 0.3 } },
    { baseline: "reference", windowMs: 7 * 86_400_000, features: undefined },
  ]);
});

test("rules say what they watch", () => {
  const { rules } = read({
    rules: [
      { ...threshold, model: "rec", for: "5m" },
      burn,
      { ...change, against: "window-before" },
      { name: "d", kind: "drift", baseline: "previous" },
    ],
  });
  expect(rules.map(summarizeRule)).toEqual([
    "Share of calls that fail of rec above 5% over 15 minutes, for 5 minutes.",
    "Calls fail 14.4 times as often as 1%, over 1 hour and 5 minutes.",
    "95th percentile of latency has changed by more than 30% against the 1 hour before.",
    "Features drift away from the week before.",
  ]);
});

test.each<[field: string, rule: object]>([
  ["rules[0].name", { ...threshold, name: "<b>" }],
  ["rules[0].kind", { ...threshold, kind: "guess" }],
  ["rules[0].metric", { ...threshold, metric: "happiness" }],
  ["rules[0]", { ...threshold, above: undefined }],
  ["rules[0]", { ...threshold, below: 0.01 }],
  ["rules[0].clear", { ...threshold, clear: 0.06 }],
  ["rules[0].clear", { ...threshold, above: undefined, below: 0.5, clear: 0.4 }],
  ["rules[0].window", { ...threshold, window: "5 minutes" }],
  ["rules[0].abvoe", { ...threshold, abvoe: 1 }],
  ["rules[0].model", { ...threshold, model: "../x" }],
  ["rules[0].webhook.url", { ...threshold, webhook: { url: "file:///etc/passwd" } }],
  ["rules[0].against", change],
  ["rules[0].objective", { ...burn, objective: 1 }],
  ["rules[0].short", { ...burn, short: "1h" }],
])("names %s where it is wrong", (field, rule) => {
  expect(() => read({ rules: [rule] })).toThrow(
    expect.objectContaining({ code: "options-invalid", detail: { field } }),
  );
});

test("refuses two rules of one name", () => {
  expect(() => read({ rules: [threshold, threshold] })).toThrow(/rules\[1\]\.name/);
});

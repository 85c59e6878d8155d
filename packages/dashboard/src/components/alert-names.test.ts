import type { AlertState, AlertsAnswer } from "@selvedge/protocol";
import { expect, test } from "vitest";
import { standingAlerts } from "./alert-names.ts";

type Rule = AlertsAnswer["rules"][number];

function rule(
  name: string,
  severity: Rule["severity"],
  instances: readonly (readonly [AlertState, since: number, model: string])[],
): Rule {
  return {
    name,
    kind: "threshold",
    severity,
    summary: "",
    unit: "number",
    instances: instances.map(([state, since, model]) => ({
      state,
      since,
      labels: { model },
      value: 1,
    })),
  };
}

const ALERTS: AlertsAnswer = {
  history: [],
  rules: [
    rule("slow", "warning", [
      ["ok", 1, "a"],
      ["firing", 9, "a"],
      ["firing", 2, "b"],
    ]),
    rule("failing", "critical", [
      ["pending", 5, "a"],
      ["firing", 7, "a"],
    ]),
  ],
};

test("what fires comes first, the critical before others, the longest first", () => {
  const order = standingAlerts(ALERTS, undefined).map(({ rule: { name }, instance }) => [
    name,
    instance.state,
    instance.since,
  ]);
  expect(order).toEqual([
    ["failing", "firing", 7],
    ["slow", "firing", 2],
    ["slow", "firing", 9],
    ["failing", "pending", 5],
    ["slow", "ok", 1],
  ]);
});

test("of one model only its own", () => {
  expect(standingAlerts(ALERTS, "b")).toHaveLength(1);
});

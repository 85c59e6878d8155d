import { expect, test } from "vitest";
import { type Failure, failureGroups } from "./failure-groups.ts";

const failure = (code: string, operation: string, count: number): Failure => ({
  model: "ocr-rec",
  version: "1.0.0",
  backend: "wasm",
  device: "unknown",
  operation,
  code,
  count,
  lastSeen: 0,
});

test("the most frequent code comes first, counted over everything it happened to", () => {
  const groups = failureGroups({
    failures: [
      failure("timeout", "predict", 4),
      failure("network", "load", 3),
      failure("network", "update", 5),
    ],
  });
  expect(groups.map(({ code, count }) => [code, count])).toEqual([
    ["network", 8],
    ["timeout", 4],
  ]);
  expect(groups[0]?.failures.map(({ operation }) => operation)).toEqual(["update", "load"]);
});

test("rows that differ in their device class alone are one, and the classes are counted", () => {
  const on = (device: string, count: number): Failure => ({
    ...failure("network", "load", count),
    device,
  });
  const [group] = failureGroups({ failures: [on("mobile-low", 2), on("desktop-high", 5)] });
  const { device: _, ...place } = failure("network", "load", 7);
  expect(group?.failures).toEqual([place]);
  expect(group?.devices).toEqual([
    { name: "desktop-high", count: 5 },
    { name: "mobile-low", count: 2 },
  ]);
});

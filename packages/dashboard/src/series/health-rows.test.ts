import { expect, test } from "vitest";
import { type HealthGroup, healthRows } from "./health-rows.ts";

function group(browser: string, more: Partial<HealthGroup> = {}): HealthGroup {
  return {
    model: "m",
    version: "1",
    backend: "wasm",
    browser,
    device: "desktop-high",
    predictions: 10,
    failures: 1,
    loads: 2,
    restarts: 0,
    rejections: 1,
    latency: null,
    memoryP95: null,
    ...more,
  };
}

const quantiles = (p95: number) => ({ count: 1, p50: 1, p95, p99: p95 });

test("counts add up; of quantiles the worst is kept, since they do not", () => {
  const rows = healthRows(
    [
      group("safari 26", { predictions: 1 }),
      group("chrome 156", { latency: quantiles(20), memoryP95: 5 }),
      group("chrome 156", { latency: quantiles(80), memoryP95: null }),
    ],
    ({ browser }) => browser,
  );
  expect(rows).toEqual([
    expect.objectContaining({
      name: "chrome 156",
      predictions: 20,
      failures: 2,
      loads: 4,
      rejections: 2,
      worstP95: 80,
      worstMemoryP95: 5,
    }),
    expect.objectContaining({ name: "safari 26", worstP95: null, worstMemoryP95: null }),
  ]);
});

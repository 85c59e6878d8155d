import { expect, test } from "vitest";
import { settingsKey, settingsUnder, soundSettings } from "./settings-record.ts";

const [digest, candidate] = settingsKey("d".repeat(64), "fp32");
const record = (settings: unknown, under = settingsUnder()): unknown => ({
  digest,
  candidate,
  at: 1,
  under,
  settings,
});

test.each([
  {},
  { graphOptimizationLevel: "disabled" },
  { graphOptimizationLevel: "disabled", prepacking: false },
])("settings %o come back as they were stored", (settings) => {
  expect(soundSettings(record(settings))).toEqual(settings);
});

test("settings that were measured with another runtime or browser are none", () => {
  expect(soundSettings(record({}, "onnxruntime-web 1.0.0; another browser"))).toBeUndefined();
});

test.each([
  undefined,
  "settings",
  record(undefined),
  record({ graphOptimizationLevel: "fastest" }),
  record({ prepacking: "1" }),
])("a damaged record %o is none, and nothing of it reaches the runtime", (stored) => {
  expect(soundSettings(stored)).toBeUndefined();
});

test("what else a record has is left out", () => {
  const settings = { prepacking: false, use_ort_model_bytes_for_initializers: "1" };
  expect(soundSettings(record(settings))).toEqual({ prepacking: false });
});

import { beforeAll, expect, test, vi } from "vitest";
import { RUNTIME_VERSION } from "../engine/runtime-files.ts";
import { settingsKey, soundSettings } from "./settings-record.ts";

beforeAll(() => {
  vi.stubGlobal("navigator", { userAgent: "this browser" });
  return () => vi.unstubAllGlobals();
});

const UNDER = `onnxruntime-web ${RUNTIME_VERSION}; this browser`;
const KEY = settingsKey("d".repeat(64), "fp32");
const [digest, candidate] = KEY;
const record = (settings: unknown, under = UNDER): unknown => ({
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
  expect(soundSettings(record(settings), KEY)).toEqual(settings);
});

test("settings that were measured with another runtime or browser are none", () => {
  expect(soundSettings(record({}, "onnxruntime-web 1.0.0; another browser"), KEY)).toBeUndefined();
});

test.each([
  undefined,
  "settings",
  record(undefined),
  record({ graphOptimizationLevel: "fastest" }),
  record({ prepacking: "1" }),
])("a damaged record %o is none, and nothing of it reaches the runtime", (stored) => {
  expect(soundSettings(stored, KEY)).toBeUndefined();
});

test("what else a record has is left out", () => {
  const settings = { prepacking: false, use_ort_model_bytes_for_initializers: "1" };
  expect(soundSettings(record(settings), KEY)).toEqual({ prepacking: false });
});

test("those of another pack or precision are none", () => {
  expect(soundSettings(record({}), settingsKey("e".repeat(64), "fp32"))).toBeUndefined();
  expect(soundSettings(record({}), settingsKey("d".repeat(64), "q8"))).toBeUndefined();
});

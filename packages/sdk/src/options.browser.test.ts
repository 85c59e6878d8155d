import { describe, expect, test, vi } from "vitest";
import { checkNames, type LoadOptions, readOptions, type SelvedgeOptions } from "./options.ts";

const { origin } = location;

test("addresses are made absolute, and folders", () => {
  const settings = readOptions({
    registry: "/models?v=1#x",
    assets: new URL("https://static.test/ort"),
    telemetry: { endpoint: "/v1" },
  });
  expect(settings).toMatchObject({
    registry: `${origin}/models/`,
    assets: "https://static.test/ort/",
    telemetry: { endpoint: `${origin}/v1`, headers: {} },
    service: "selvedge",
  });
});

test("runtime files come from the page's own origin unless said otherwise", () => {
  expect(readOptions({ registry: "/m" }).assets).toBe(`${origin}/selvedge/`);
});

test("without an endpoint there is no telemetry", () => {
  expect(readOptions({ registry: "/m" }).telemetry).toBeUndefined();
});

test("spans may go to a page's own tracer, where nothing is sent", () => {
  const tracer = { startSpan: vi.fn() };
  const settings = readOptions({ registry: "/m", telemetry: { tracer } });
  expect(settings.telemetry).toBeUndefined();
  expect(settings.tracing).toEqual({ sample: 0.01, tracer });
});

test.each([-0.1, 1.1, Number.NaN])("a share of %d of all predictions is refused", (sample) => {
  expect(() => readOptions({ registry: "/m", telemetry: { traces: { sample } } })).toThrow(
    expect.objectContaining({
      code: "options-invalid",
      message: expect.stringContaining("telemetry.traces.sample has to be from 0 to 1"),
    }),
  );
});

test("telemetry waits for seven days in 5 MiB at most, and heeds who does not want it", () => {
  const onSend = vi.fn();
  const { telemetry, onSend: kept } = readOptions({
    registry: "/m",
    telemetry: { endpoint: "/v1", headers: { a: "b" }, onSend },
  });
  expect(telemetry).toEqual({
    endpoint: `${origin}/v1`,
    headers: { a: "b" },
    maxBytes: 5_242_880,
    maxAgeMs: 604_800_000,
    consent: "granted",
    respectPrivacySignals: true,
  });
  expect(kept).toBe(onSend);
});

test.each([
  ["registry", { registry: "http://[" }],
  ["assets", { registry: "/m", assets: "http://[" }],
  ["telemetry.endpoint", { registry: "/m", telemetry: { endpoint: "http://[" } }],
])("an address that is none is refused, naming the option %s", (option, options) => {
  expect(() => readOptions(options)).toThrow(
    expect.objectContaining({
      code: "options-invalid",
      message: expect.stringContaining(`The option ${option} has to be an address`),
    }),
  );
});

test.each([
  ["fetch", { registry: "/m", fetch: "yes" }],
  ["meteredDownloads", { registry: "/m", meteredDownloads: "sometimes" }],
  ["memory.profile", { registry: "/m", memory: { profile: "tiny" } }],
  ["telemetry.consent", { registry: "/m", telemetry: { endpoint: "/v1", consent: "no" } }],
])("what is no choice is refused, naming the option %s", (option, options) => {
  expect(() => readOptions(options as unknown as SelvedgeOptions)).toThrow(
    expect.objectContaining({
      code: "options-invalid",
      message: expect.stringContaining(`The option ${option} has to be "`),
    }),
  );
});

test.each([
  ["maxBytes", 0],
  ["maxAgeMs", Number.NaN],
])("telemetry.%s %d is refused", (option, number) => {
  const telemetry = { endpoint: "/v1", [option]: number };
  expect(() => readOptions({ registry: "/m", telemetry })).toThrow(
    expect.objectContaining({
      code: "options-invalid",
      message: expect.stringContaining(`The option telemetry.${option} has to be a number from 1`),
    }),
  );
});

test("metered links carry what a load waits for, unless said otherwise", () => {
  expect(readOptions({ registry: "/m" }).meteredDownloads).toBe("foreground");
  expect(readOptions({ registry: "/m", meteredDownloads: "never" }).meteredDownloads).toBe("never");
});

test.each(["gpu", [], ["auto"], ["wasm", "gpu"], null])("the backend %j is refused", (backend) => {
  expect(() => checkNames("ocr-rec", { backend } as unknown as LoadOptions)).toThrow(
    expect.objectContaining({
      code: "options-invalid",
      message: expect.stringContaining("The option backend has to be "),
    }),
  );
});

test.each(["auto", "wasm", ["webgpu", "wasm"], ["webgpu"]] as const)(
  "the backend %j is one",
  (backend) => expect(() => checkNames("ocr-rec", { backend })).not.toThrow(),
);

describe("names that no registry can have are refused:", () => {
  test.each(["", "OCR", "a/b", "../x", "x".repeat(65)])("the model %j", (name) => {
    expect(() => checkNames(name, {})).toThrow(
      expect.objectContaining({ code: "options-invalid" }),
    );
  });

  test.each(["", "1/2", "segments", ".."])("the version %j", (version) => {
    expect(() => checkNames("ocr-rec", { version })).toThrow(
      expect.objectContaining({ code: "options-invalid" }),
    );
  });
});

test.each([
  ["budgetBytes", 0],
  ["engines", Number.NaN],
  ["recycleAfterRuns", -1],
])("memory.%s that is no amount is refused, naming it", (option, amount) => {
  expect(() => readOptions({ registry: "/m", memory: { [option]: amount } })).toThrow(
    expect.objectContaining({
      code: "options-invalid",
      message: `The option memory.${option} has to be a number from 1, but is ${amount}.`,
    }),
  );
});

import { ATTRIBUTES, BATCH_ID, type OtlpResource } from "@selvedge/protocol";
import { expect, test } from "vitest";
import { SDK_VERSION } from "../version.ts";
import { resourceOf, toLogs, toMetrics, toTraces } from "./otlp-batch.ts";

function textsOf({ attributes = [] }: OtlpResource): Record<string, string | undefined> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, value.stringValue]));
}

test("a resource says who speaks and from what kind of device, and nothing else", () => {
  const chrome = { brands: [{ brand: "Google Chrome", version: "156" }], mobile: false };
  const device = { userAgentData: chrome, deviceMemory: 8, hardwareConcurrency: 16 };
  expect(textsOf(resourceOf("shop", device))).toEqual({
    "service.name": "shop",
    "telemetry.sdk.name": "selvedge",
    "telemetry.sdk.language": "webjs",
    "telemetry.sdk.version": SDK_VERSION,
    [ATTRIBUTES.browser]: "chrome 156",
    [ATTRIBUTES.device]: "desktop-high",
    [BATCH_ID]: expect.stringMatching(/^[0-9a-f]{32}$/),
  });
});

test("every batch has an id that no other has, whatever it carries", () => {
  const resources = [
    ...toMetrics("shop", []).body.resourceMetrics,
    ...toLogs("shop", []).body.resourceLogs,
    ...toTraces("shop", []).body.resourceSpans,
  ].map(({ resource }) => textsOf(resource ?? {}));
  expect(new Set(resources.map((texts) => texts[BATCH_ID])).size).toBe(3);
  expect(resources.map((texts) => texts["service.name"])).toEqual(["shop", "shop", "shop"]);
});

test("what is given travels as it is, under the scope of the SDK", () => {
  const record = { timeUnixNano: "1", eventName: "selvedge.prediction" };
  const [scope] = toLogs("shop", [record]).body.resourceLogs[0]?.scopeLogs ?? [];
  expect(scope).toEqual({
    scope: { name: "selvedge", version: SDK_VERSION },
    logRecords: [record],
  });
});

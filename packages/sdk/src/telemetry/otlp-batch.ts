import {
  BATCH_ID,
  type OtlpBatch,
  type OtlpLogRecord,
  type OtlpMetric,
  type OtlpResource,
  type OtlpSpan,
  toHex,
  toOtlpAttributes,
} from "@selvedge/protocol";
import { SDK_VERSION } from "../version.ts";
import { type DeviceNavigator, deviceResource } from "./device-resource.ts";

/** A batch of one signal. */
type BatchOf<Signal extends OtlpBatch["signal"]> = Extract<OtlpBatch, { readonly signal: Signal }>;

const SCOPE = { name: "selvedge", version: SDK_VERSION };

/**
 * Says who speaks, in a batch with an id that no other has: made anew for each.
 *
 * @param service the page's `service.name`
 */
export function resourceOf(service: string, device: DeviceNavigator = hereabouts()): OtlpResource {
  return {
    attributes: toOtlpAttributes({
      "service.name": service,
      "telemetry.sdk.name": "selvedge",
      "telemetry.sdk.language": "webjs",
      "telemetry.sdk.version": SDK_VERSION,
      ...deviceResource(device),
      // Not randomUUID, which a page that is no secure context lacks: that failure is to be told too.
      [BATCH_ID]: toHex(crypto.getRandomValues(new Uint8Array(16))),
    }),
  };
}

/** One request to `/v1/metrics`. */
export function toMetrics(service: string, metrics: readonly OtlpMetric[]): BatchOf<"metrics"> {
  const scopeMetrics = [{ scope: SCOPE, metrics }];
  return {
    signal: "metrics",
    body: { resourceMetrics: [{ resource: resourceOf(service), scopeMetrics }] },
  };
}

/** One request to `/v1/logs`. */
export function toLogs(service: string, logRecords: readonly OtlpLogRecord[]): BatchOf<"logs"> {
  const scopeLogs = [{ scope: SCOPE, logRecords }];
  return {
    signal: "logs",
    body: { resourceLogs: [{ resource: resourceOf(service), scopeLogs }] },
  };
}

/** One request to `/v1/traces`. */
export function toTraces(service: string, spans: readonly OtlpSpan[]): BatchOf<"traces"> {
  const scopeSpans = [{ scope: SCOPE, spans }];
  return {
    signal: "traces",
    body: { resourceSpans: [{ resource: resourceOf(service), scopeSpans }] },
  };
}

/** Where no browser is, nothing is known of one. */
function hereabouts(): DeviceNavigator {
  const { navigator = {} }: { readonly navigator?: DeviceNavigator } = globalThis;
  return navigator;
}

import {
  ATTRIBUTES,
  BATCH_ID,
  DELTA,
  METRICS,
  type OtlpBatch,
  type OtlpResource,
  toHex,
  toOtlpAttributes,
  toUnixNano,
} from "@selvedge/protocol";
import type { Drops } from "./outbox-record.ts";

/**
 * A batch that tells what was given up, and why.
 *
 * @param resource of the batch it goes out with: it is of the same device, and gets an id of its own
 */
export function dropReport(
  drops: Drops,
  { resource, now = Date.now() }: { resource: OtlpResource | undefined; now?: number },
): OtlpBatch {
  const id = toHex(crypto.getRandomValues(new Uint8Array(16)));
  const others = (resource?.attributes ?? []).filter(({ key }) => key !== BATCH_ID);
  const dataPoints = Object.entries(drops).map(([reason, items]) => ({
    attributes: toOtlpAttributes({ [ATTRIBUTES.reason]: reason }),
    startTimeUnixNano: toUnixNano(now),
    timeUnixNano: toUnixNano(now),
    asInt: String(items),
  }));
  const sum = { aggregationTemporality: DELTA, isMonotonic: true, dataPoints };
  return {
    signal: "metrics",
    body: {
      resourceMetrics: [
        {
          resource: { attributes: [...others, ...toOtlpAttributes({ [BATCH_ID]: id })] },
          scopeMetrics: [
            {
              scope: { name: "selvedge" },
              metrics: [{ name: METRICS.dropped, unit: "{item}", sum }],
            },
          ],
        },
      ],
    },
  };
}

/** Bodies as devices send them: gzip, JSON, a hundred events each. */
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import {
  ATTRIBUTES,
  BATCH_ID,
  emptyHistogram,
  METRICS,
  recordValue,
  toOtlpAttributes,
  toOtlpHistogramPoint,
} from "../../packages/protocol/dist/index.js";
import { seededRandom } from "./seeded-random.mjs";

export const EVENTS_PER_BATCH = 100;

/** Of the histograms that the SDK keeps. */
const SDK_SCALE = 3;

const compress = promisify(gzip);
const pick = (random, list) => list[Math.floor(random() * list.length)];

/** A batch of a hundred points: eighty histograms of five durations each, twenty counters. */
export async function sampleRequest({ id, nowMs, seed }) {
  const random = seededRandom(seed);
  const timeUnixNano = `${nowMs - Math.floor(random() * 60_000)}000000`;
  const labels = () => ({
    [ATTRIBUTES.model]: pick(random, ["ocr-det", "ocr-rec", "lande"]),
    [ATTRIBUTES.version]: pick(random, ["1.0.0", "1.1.0"]),
    [ATTRIBUTES.dtype]: pick(random, ["fp32", "q8"]),
    [ATTRIBUTES.backend]: pick(random, ["wasm", "webgpu"]),
  });
  const durations = Array.from({ length: 80 }, () => {
    let histogram = emptyHistogram(SDK_SCALE);
    for (let i = 0; i < 5; i++) histogram = recordValue(histogram, 0.005 * Math.exp(random() * 4));
    return toOtlpHistogramPoint(histogram, {
      attributes: toOtlpAttributes(labels()),
      timeUnixNano,
    });
  });
  const failures = Array.from({ length: 20 }, () => ({
    attributes: toOtlpAttributes({
      ...labels(),
      [ATTRIBUTES.operation]: "predict",
      [ATTRIBUTES.error]: pick(random, ["network", "timeout", "integrity"]),
    }),
    timeUnixNano,
    asInt: "1",
  }));
  const resource = toOtlpAttributes({
    [BATCH_ID]: id,
    "service.name": "shop",
    [ATTRIBUTES.browser]: pick(random, ["chrome 156", "firefox 150", "safari 26"]),
    [ATTRIBUTES.device]: pick(random, ["desktop-high", "mobile-low"]),
  });
  const body = {
    resourceMetrics: [
      {
        resource: { attributes: resource },
        scopeMetrics: [
          {
            metrics: [
              {
                name: METRICS.predictDuration,
                exponentialHistogram: { aggregationTemporality: 1, dataPoints: durations },
              },
              {
                name: METRICS.failures,
                sum: { aggregationTemporality: 1, isMonotonic: true, dataPoints: failures },
              },
            ],
          },
        ],
      },
    ],
  };
  return compress(JSON.stringify(body));
}
